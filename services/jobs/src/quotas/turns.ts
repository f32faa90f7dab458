import type { Bus } from '@simfleet/bus';
import type { Clock, Logger } from '@simfleet/runtime';
import { lead } from '@simfleet/storage';
import type { Leases } from '@simfleet/storage';
import type { AdmitWaiting } from './admit-waiting.ts';
import type { QuotaSource } from './quota-source.ts';
import type { RenewHeld } from './renew-held.ts';

export interface TurnsParts {
  readonly admitWaiting: AdmitWaiting;
  readonly renewHeld: RenewHeld;
  readonly source: Pick<QuotaSource, 'onChanged' | 'renewEveryMs'>;
  readonly leases: Leases;
  readonly bus: Pick<Bus, 'broadcast' | 'listen'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether other processes are on the store too. */
  readonly shared: boolean;
}

/** Whose turn it is among jobs that wait: decided by one process, told by all. */
export interface Turns {
  /** Something of the customer's jobs changed that others may wait for; with the job, when that gave back what it held. */
  changed(customer: string, gaveBack?: string): void;
  /** Begins to decide where this process is the one to. Answers how to end it. */
  start(): Promise<() => Promise<void>>;
}

interface Hint {
  readonly from: string;
  readonly customer: string;
  readonly gaveBack?: string;
}

const subject = 'jobs.turns';
/** Between two looks at customers whose jobs wait: how late a raised quota, a hint that was lost or paths that are back are seen. */
const lookMs = 1_000;
/** A third of the shortest lease that a policy of jobs may have. */
const usualRenewalMs = 20_000;

export const openTurns = (parts: TurnsParts): Turns => {
  const { renewHeld, source, leases, bus, clock, logger, shared } = parts;
  /** The process that decides: what it knows of, or null. */
  let term: Term | null = null;

  const hear = ({ customer, gaveBack }: Omit<Hint, 'from'>): void => {
    if (gaveBack !== undefined) renewHeld.gaveBack(gaveBack);
    term?.look(customer);
  };

  const tell = (hint: Omit<Hint, 'from'>): void => {
    if (!shared || term !== null) return;
    try {
      bus.broadcast(subject, { ...hint, from: leases.memberId } satisfies Hint);
    } catch (error) {
      logger.debug({ err: error }, 'a hint was not sent');
    }
  };

  const listen = async (): Promise<() => Promise<void>> => {
    if (!shared) return async () => undefined;
    return bus.listen(subject, (message) => {
      const hint = message as Hint;
      if (hint.from !== leases.memberId) hear(hint);
    });
  };

  return {
    changed(customer, gaveBack) {
      const hint = { customer, ...(gaveBack === undefined ? {} : { gaveBack }) };
      hear(hint);
      tell(hint);
    },
    async start() {
      const endListening = await listen();
      const leading = await lead({
        ...{ leases, name: 'jobs-turns', clock, logger },
        begin: async () => {
          const begun = beginTerm(parts);
          term = begun;
          return async () => {
            term = null;
            await begun.end();
          };
        },
      });
      const endChanges = source.onChanged?.(() => term?.lookAtAll()) ?? (() => undefined);
      return async () => {
        endChanges();
        await leading.stop();
        await endListening();
      };
    },
  };
};

interface Term {
  look(customer: string): void;
  lookAtAll(): void;
  end(): Promise<void>;
}

/** The time in which this process decides. */
const beginTerm = (parts: Pick<TurnsParts, 'admitWaiting' | 'renewHeld' | 'source' | 'clock' | 'logger'>): Term => {
  const { admitWaiting, renewHeld, clock, logger } = parts;
  const { renewEveryMs = usualRenewalMs } = parts.source;
  /** Customers of whose jobs some wait, as far as is known. */
  const waiting = new Set<string>();
  /** Rounds under way; true = something changed since it began. */
  const rounds = new Map<string, boolean>();
  const underWay = new Set<Promise<void>>();
  let ended = false;
  let cancelLook = (): void => undefined;
  let cancelRenewal = (): void => undefined;

  const round = async (customer: string): Promise<void> => {
    for (let again = true; again && !ended; again = rounds.get(customer) === true) {
      rounds.set(customer, false);
      try {
        const { someWait } = await admitWaiting(customer);
        if (someWait) waiting.add(customer);
        else waiting.delete(customer);
      } catch (error) {
        waiting.add(customer);
        logger.debug({ customer, err: error }, 'the turns of jobs wait for the store');
        break;
      }
    }
    rounds.delete(customer);
  };

  const track = (work: Promise<void>): void => {
    const tracked = work.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };

  const look = (customer: string): void => {
    if (ended) return;
    if (rounds.has(customer)) rounds.set(customer, true);
    else track(round(customer));
  };

  const lookAtAll = (): void => waiting.forEach(look);

  const lookAgain = (): void => {
    cancelLook = clock.after(lookMs, () => {
      lookAtAll();
      if (!ended) lookAgain();
    });
  };

  const renew = async (): Promise<void> => {
    let waitMs = renewEveryMs;
    try {
      (await renewHeld.renew()).forEach(look);
    } catch (error) {
      waitMs = lookMs;
      logger.debug({ err: error }, 'what jobs hold of quotas is renewed later');
    }
    if (!ended) cancelRenewal = clock.after(waitMs, () => track(renew()));
  };

  track(renew());
  lookAgain();
  return {
    look,
    lookAtAll,
    async end() {
      ended = true;
      cancelLook();
      cancelRenewal();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
};
