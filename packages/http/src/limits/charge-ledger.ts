import type { Charge, Decision, LimiterStore, MatchingCharges, Soon } from '@simfleet/rate-limit';
import type { Clock } from '@simfleet/runtime';
import { decide, isAdmitted } from './decide.ts';
import { holdLeases } from './hold-leases.ts';
import type { Renewed } from './hold-leases.ts';
import type { Decided } from './limit-headers.ts';
import type { MeasureLimits } from './measure-limits.ts';
import { refusalError, refusalOf } from './refusal.ts';
import { soon } from './soon.ts';

export interface LedgerParts {
  readonly store: LimiterStore;
  readonly clock: Pick<Clock, 'after'>;
  readonly measure: MeasureLimits;
}

/**
 * What one request asks of its policies. They become known one after the other, and a refusal by the last must leave the first as they were. A refund is not
 * that: what was taken for a moment may refuse others meanwhile, and a bucket gives back only what has not drained. So the early ones are looked at, and counted with the last in one
 * step. Leases are held at once, since giving them back is exact. Every method but `end` throws what refuses the request, having let go of all that it took.
 */
export interface ChargeLedger {
  /** Refuses by what would be refused now; the charges are counted with the next `count`. */
  look(matching: MatchingCharges): Soon<void>;
  /** Counts these and all that was only looked at, or none. */
  count(matching: MatchingCharges): Soon<void>;
  /** Gives back what was counted, and forgets what was looked at. */
  takeBack(): Soon<void>;
  /** The same, and nothing was ever decided. */
  forget(): Soon<void>;
  /** Lets go of leases. Idempotent. */
  end(): void;
  /** What the store said last to each charge, in the order in which they were asked. Another list once it has said more. */
  readonly decided: readonly Decided[];
}

export const openLedger = ({ store, clock, measure }: LedgerParts, renewed: Renewed): ChargeLedger => {
  const said = new Map<Charge, Decision>();
  let decided: readonly Decided[] = [];
  let due: readonly Charge[] = [];
  let dueShadows: readonly Charge[] = [];
  let taken: readonly Decided[] = [];
  let shadows: readonly Soon<readonly Decided[]>[] = [];
  let ends: readonly (() => void)[] = [];
  let isOver = false;

  const letGo = (): void => {
    isOver = true;
    for (const end of ends) end();
    ends = [];
  };

  const hold = (now: readonly Decided[]): void => {
    if (!now.some(({ charge }) => charge.lease !== undefined)) return;
    const end = holdLeases(store, clock, now, renewed);
    if (isOver) end();
    else ends = [...ends, end];
  };

  const takeBack = (): Soon<void> => {
    letGo();
    const back = [...taken.map((each) => giveBack(store, each)), ...shadows.map((each) => giveBackShadow(store, each))];
    [taken, shadows, due, dueShadows] = [[], [], [], []];
    const late = back.filter((each) => each instanceof Promise);
    if (late.length > 0) return Promise.all(late).then(() => undefined);
  };

  /** What does not answer admits nothing. */
  const orTakeBack = <T>(ask: () => Soon<T>): Soon<T> => {
    const answer = attempt(ask);
    if (!(answer instanceof Promise)) return answer;
    return answer.catch(async (error: unknown) => {
      await takeBack();
      throw error;
    });
  };

  /** Throws when one of them refuses. Those beside it would have admitted, and counted nothing. */
  const heard = (now: readonly Decided[], admitted: () => void): Soon<void> => {
    for (const { charge, decision } of now) said.set(charge, decision);
    if (now.length > 0) decided = [...said].map(([charge, decision]) => ({ charge, decision }));
    if (isAdmitted(now)) return admitted();
    for (const { charge, decision } of now) if (!decision.allowed) measure(charge, false, false);
    const refusal = refusalOf(now);
    return soon(takeBack(), () => {
      if (refusal !== null) throw refusalError(refusal);
    });
  };

  const countAll = (charges: readonly Charge[]): Soon<void> => {
    if (charges.length === 0) return;
    return soon(
      orTakeBack(() => decide(store, charges)),
      (now) =>
        heard(now, () => {
          taken = [...taken, ...now];
          for (const { charge } of now) measure(charge, true, false);
          hold(now);
        }),
    );
  };

  /** Shadow policies are asked for what they would say, and nobody waits for it. */
  const watch = (charge: Charge): Soon<readonly Decided[]> => {
    const answer = soon(
      attempt(() => decide(store, [charge])),
      (now) => {
        now.forEach(({ decision }) => measure(charge, decision.allowed, true));
        if (isAdmitted(now)) hold(now);
        return now;
      },
    );
    return answer instanceof Promise ? answer.catch(() => []) : answer;
  };

  return {
    look({ enforced, shadow }) {
      const charges = enforced.map(({ charge }) => charge);
      const rates = charges.filter(({ lease }) => lease === undefined);
      const looked = rates.length === 0 ? [] : orTakeBack(() => lookAt(store, rates));
      return soon(looked, (now) =>
        soon(
          heard(now, () => {
            due = [...due, ...rates];
            dueShadows = [...dueShadows, ...shadow.map(({ charge }) => charge)];
          }),
          () => countAll(charges.filter(({ lease }) => lease !== undefined)),
        ),
      );
    },
    count({ enforced, shadow }) {
      const charges = [...due, ...enforced.map(({ charge }) => charge)];
      const unasked = [...dueShadows, ...shadow.map(({ charge }) => charge)];
      [due, dueShadows] = [[], []];
      return soon(countAll(charges), () => {
        shadows = [...shadows, ...unasked.map(watch)];
      });
    },
    takeBack,
    forget() {
      said.clear();
      decided = [];
      return takeBack();
    },
    end: letGo,
    get decided() {
      return decided;
    },
  };
};

/** Without a promise where the store answers all at once. */
const lookAt = (store: LimiterStore, charges: readonly Charge[]): Soon<readonly Decided[]> => {
  const [charge, ...others] = charges;
  if (charge === undefined) return [];
  const first = store.peek(charge);
  const rest = lookAt(store, others);
  if (!(first instanceof Promise) && !(rest instanceof Promise)) return [{ charge, decision: first }, ...rest];
  return Promise.all([first, rest]).then(([decision, after]) => [{ charge, decision }, ...after]);
};

/** A throw as a rejection. */
const attempt = <T>(call: () => Soon<T>): Soon<T> => {
  try {
    return call();
  } catch (error) {
    return rejected(error);
  }
};

const rejected = async (error: unknown): Promise<never> => {
  throw error;
};

/** What cannot be given back now frees itself when its window has passed; it errs to refuse. */
const giveBack = (store: LimiterStore, { charge, decision }: Decided): Soon<void> => {
  // Whoever holds a lease has let go of it.
  if (charge.lease !== undefined) return;
  const done = attempt(() => store.refund(charge, decision.at));
  return done instanceof Promise ? done.catch(() => undefined) : done;
};

const giveBackShadow = (store: LimiterStore, said: Soon<readonly Decided[]>): Soon<void> =>
  soon(said, (now) => {
    const [one] = now;
    if (one?.decision.allowed === true) return giveBack(store, one);
  });
