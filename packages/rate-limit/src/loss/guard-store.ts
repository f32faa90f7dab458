import { errorCode } from '@simfleet/contracts';
import type { Clock, Logger, Metrics } from '@simfleet/runtime';
import type { Rule } from '../rule.ts';
import type { Charge, Decision, LimiterStore, Soon } from '../store.ts';
import { CircuitBreaker, type StoreState } from './circuit-breaker.ts';
import { Deadlines } from './deadlines.ts';
import type { LossPolicy } from './loss-policy.ts';
import { measureLoss } from './measure.ts';
import { isOfLoss, lost, WithoutStore } from './without-store.ts';

export interface GuardOptions {
  readonly store: LimiterStore;
  /** Where the shares are counted: a bounded memory store of this guard's own. It is closed with the guard. */
  readonly shares: LimiterStore;
  /** How many processes guard the same store, ≥ 1: a share is limit ÷ replicas. */
  readonly replicas: number;
  /** No decision takes longer, whatever the store does. Milliseconds, ≥ 1. */
  readonly timeoutMs: number;
  readonly onLoss: (rule: Rule) => LossPolicy;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** 0 … 1; default `Math.random`. */
  readonly random?: () => number;
}

export interface GuardedStore extends LimiterStore {
  readonly state: StoreState;
}

/**
 * A store that always answers in time. While the store behind it fails, hangs or is refused by the circuit breaker, each rule does as its policy says;
 * bounds are in the README. A decision made without the store has a negative `at`, good for `refund` here. `refund` never throws `unavailable`: one that
 * does not arrive is counted, and errs to refuse. `reset` and `check` do.
 */
export const guardStore = (options: GuardOptions): GuardedStore => {
  const { store, clock, logger, timeoutMs } = options;
  const measure = measureLoss(options.metrics);
  const without = new WithoutStore({ ...options, measure });
  const deadlines = new Deadlines(clock, timeoutMs);
  let lostAt = 0;
  const breaker = new CircuitBreaker({
    clock,
    random: options.random ?? Math.random,
    check: () => inTime(() => store.check()),
    onChange: (up, cause) => {
      measure.up(up);
      if (up) {
        const lostMs = Math.round(clock.monotonic() - lostAt);
        return logger.info({ store: store.description, lostMs }, 'the store of limits is back');
      }
      lostAt = clock.monotonic();
      logger.warn(
        { store: store.description, err: cause },
        'the store of limits is lost: rules do as their policies say',
      );
    },
  });

  /** Settles within the time. What the store answers later goes to `late`. */
  const inTime = <T>(call: () => Soon<T>, late: (value: T) => void = () => undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const waiting = deadlines.add(() => {
        measure.failed('timeout');
        reject(lost(new NoAnswer(`no answer within ${timeoutMs} ms`)));
      });
      const failed = (error: Error): void => {
        if (!waiting.open) return;
        waiting.answered();
        if (!isOutOfRange(error)) measure.failed('error');
        reject(error);
      };
      try {
        Promise.resolve(call()).then((value) => {
          if (!waiting.open) return late(value);
          waiting.answered();
          resolve(value);
        }, failed);
      } catch (error) {
        failed(error as Error);
      }
    });

  /** What the store says, or `otherwise` when it may not be asked or does not answer. */
  const ask = async <T>(
    call: () => Soon<T>,
    otherwise: (cause: unknown) => Soon<T>,
    late?: (value: T) => void,
  ): Promise<T> => {
    const era = breaker.enter();
    if (era < 0) return otherwise(undefined);
    try {
      const answer = await inTime(call, late);
      breaker.succeeded(era);
      return answer;
    } catch (error) {
      if (isOutOfRange(error)) {
        breaker.toldNothing(era);
        throw error;
      }
      breaker.failed(era, error, error instanceof Error && error.cause instanceof NoAnswer);
      return otherwise(error);
    }
  };

  /** Charges, with `list` to read the answer and `pick` to make one. What comes after the caller was refused is given back. */
  const charge = <T>(
    charges: readonly Charge[],
    call: () => Soon<T>,
    list: (answer: T) => readonly Decision[],
    pick: (decisions: readonly Decision[]) => T,
  ): Promise<T> => {
    let refused = true;
    return ask(
      call,
      async () => {
        const decisions = await without.decide(charges);
        refused = !decisions.every(({ allowed }) => allowed);
        return pick(decisions);
      },
      (answer) => {
        if (refused) giveBack(charges, list(answer));
      },
    );
  };

  const giveBack = (charges: readonly Charge[], decisions: readonly Decision[]): void => {
    if (!decisions.every(({ allowed }) => allowed)) return;
    measure.lateAdmission();
    charges.forEach((late, index) => {
      const at = decisions[index]?.at;
      // A lease may be an older one that was renewed: it is left to run out. What is forced was used in any case.
      if (at === undefined || late.force === true || late.rule.algorithm === 'concurrency') return;
      attempt(() => store.refund(late, at)).catch(() => measure.refundLost());
    });
  };

  return {
    description: store.description,
    shared: store.shared,
    get state() {
      return breaker.state;
    },
    decide: (charges) => charge(charges, () => store.decide(charges), same, same),
    decideOne: (one) =>
      charge(
        [one],
        () => store.decideOne(one),
        (decision) => [decision],
        ([decision]) => decision as Decision,
      ),
    peek: (one) =>
      ask(
        () => store.peek(one),
        () => without.peek(one),
      ),
    async refund(one, at) {
      await without.refund(one, at);
      if (isOfLoss(at) && one.rule.algorithm !== 'concurrency') return;
      await ask(
        () => store.refund(one, Math.max(0, at)),
        () => measure.refundLost(),
      );
    },
    async reset(rule, key) {
      await without.reset(rule, key);
      await ask(
        () => store.reset(rule, key),
        (cause) => Promise.reject(lost(cause)),
      );
    },
    check: () => inTime(() => store.check()),
    async close() {
      breaker.stop();
      await Promise.allSettled([inTime(() => store.close()), attempt(() => options.shares.close())]);
    },
  };
};

/** The time-out has passed. */
class NoAnswer extends Error {}

/** A throw becomes a rejection. */
const attempt = async <T>(call: () => Soon<T>): Promise<T> => call();

const same = <T>(value: T): T => value;

const isOutOfRange = (error: unknown): boolean => errorCode(error) === 'invalid-request';
