import type { Bus, Unsubscribe } from '@simfleet/bus';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Plans } from './plans.ts';
import type { PoliciesHolder } from './policies-in-force.ts';
import type { PolicyStore } from './policy-store.ts';

export interface FollowPoliciesParts {
  readonly store: Pick<PolicyStore, 'all'>;
  readonly plans: Plans;
  readonly holder: PoliciesHolder;
  readonly bus: Pick<Bus, 'broadcast' | 'listen'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Logger;
  /** Whether other processes change policies too, and are told and heard. */
  readonly shared: boolean;
}

/** Keeps what is in force here at what the store says. */
export interface FollowPolicies {
  /** Reads them, and from then on whenever they change. Throws what the store throws, the first time. */
  start(): Promise<Unsubscribe>;
  /** After a change by this process: in force here when it resolves, elsewhere in moments. */
  policiesChanged(): Promise<void>;
  planChanged(customer: string): void;
}

interface Hint {
  /** Null: a policy changed. */
  readonly customer: string | null;
}

const subject = 'jobs.limits';
/**
 * Hints may be lost: then a replica learns of a change this late. So does a process alone whose own change was written, and could not be read or was not
 * acknowledged.
 */
const pollMs = 5_000;

export const openFollowPolicies = (parts: FollowPoliciesParts): FollowPolicies => {
  const { store, plans, holder, bus, clock, logger, shared } = parts;
  let reading: Promise<void> | null = null;
  let isStale = false;
  let isOver = false;
  let isLost = false;
  let cancelPoll = (): void => undefined;

  const readAll = async (): Promise<void> => {
    try {
      do {
        isStale = false;
        holder.replace(await store.all());
      } while (isStale);
    } finally {
      reading = null;
    }
  };

  /** Never two at a time, and never what was read before the change that asks. */
  const read = (): Promise<void> => {
    isStale = reading !== null;
    reading ??= readAll();
    return reading;
  };

  /** What was known last stays in force while the store does not answer. */
  const tryToRead = async (): Promise<void> => {
    try {
      await read();
      if (isLost) logger.info('the policies of limits can be read again');
      isLost = false;
    } catch (error) {
      if (!isLost) logger.warn({ err: error }, 'the policies of limits cannot be read: the last known stay in force');
      isLost = true;
    }
  };

  const poll = (): void => {
    cancelPoll = clock.after(pollMs, () => {
      void tryToRead().then(() => {
        if (!isOver) poll();
      });
    });
  };

  const tell = (hint: Hint): void => {
    if (!shared) return;
    try {
      bus.broadcast(subject, hint);
    } catch (error) {
      logger.debug({ err: error }, 'a hint was not sent');
    }
  };

  const hear = ({ customer }: Hint): void => {
    if (customer === null) return void tryToRead();
    plans.forget(customer);
    holder.changed();
  };

  return {
    async start() {
      holder.usePlans((customer) => plans.of(customer));
      // First the hints, then what there is: a change in between is in one of both.
      const end = shared ? await bus.listen(subject, (message) => hear(message as Hint)) : async () => undefined;
      await read();
      poll();
      return async () => {
        isOver = true;
        cancelPoll();
        await end();
      };
    },
    async policiesChanged() {
      await tryToRead();
      tell({ customer: null });
    },
    planChanged(customer) {
      plans.forget(customer);
      holder.changed();
      tell({ customer });
    },
  };
};
