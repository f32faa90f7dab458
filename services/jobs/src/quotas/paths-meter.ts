import type { Charge, Decision, Rule } from '@simfleet/rate-limit';
import type { Clock, Logger } from '@simfleet/runtime';
import { readPathsLeft } from './paths-left.ts';
import type { PathsLeft } from './paths-left.ts';
import { keyOf } from './quota-source.ts';
import type { QuotaSource } from './quota-source.ts';

/**
 * Counts the paths of blocks that are durable, and says when a customer has none left. Nothing here waits: what was done is charged some time later, a charge for
 * all of a customer's reports together, and what is left is as it was at the last answer less what was done here since. So the paths beyond the limit are at
 * most those of leases that are out when the last path goes, and those that other replicas took in since their last charge (a quarter of a second and the
 * answer of the store). A process that dies forgets as much.
 */
export interface PathsMeter {
  add(customer: string, paths: number): void;
  /**
   * Null: leases may go out. Else milliseconds after which to ask again, 50 … 5,000; 50 while the store is being asked, for it may have some by now. It is
   * asked when what is known is of a second ago, or not of after `since` (monotonic milliseconds).
   */
  hold(customer: string, since?: number): number | null;
  /** Charges what is not charged yet. Never throws. */
  close(): Promise<void>;
}

/**
 * The customer of the job has no paths left: its shards leave, so that others have their place, and it says why. It keeps its place among the running
 * jobs, and the time that it waits counts for no deadline. Never throws, and does not wait.
 */
export type PauseJob = (customer: string, jobId: string) => void;

export interface PathsMeterParts {
  readonly source: QuotaSource;
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly logger: Logger;
}

/** Paths of a customer. */
interface Account {
  /** Done here and not charged yet; and being charged right now. */
  pending: number;
  charging: number;
  /** At the last answer of the store; null = no quota is enforced, or nothing is known yet. */
  left: PathsLeft | null;
  /** When that was asked, monotonic milliseconds. */
  readAt: number;
  reading: Promise<void> | null;
  cancel: (() => void) | null;
}

const chargeEveryMs = 250;
/** Other replicas use paths too, and policies change. */
const freshMs = 1_000;
const retryMs = { least: 50, most: 5_000 };

export const openPathsMeter = ({ source, clock, logger }: PathsMeterParts): PathsMeter => {
  const accounts = new Map<string, Account>();
  let closed = false;

  const accountOf = (customer: string): Account => {
    const there = accounts.get(customer);
    if (there !== undefined) return there;
    const made = { pending: 0, charging: 0, left: null, readAt: -Infinity, reading: null, cancel: null };
    accounts.set(customer, made);
    return made;
  };

  /** One command of the store; a second one when a quota is used up, for the time until it is not. */
  const charge = async (customer: string, cost: number): Promise<PathsLeft | null> => {
    const { paths } = await source.quotasOf(customer);
    if (cost > 0 && paths.length > 0) {
      const charges = paths.map(({ rule }): Charge => ({ rule, key: keyOf(customer), cost, force: true }));
      const decisions = await source.store.decide(charges);
      const left = paths.flatMap(({ rule, shadow }, index) => (shadow ? [] : [leftOf(rule, decisions[index])]));
      const [first, ...others] = left;
      if (first === undefined) return null;
      const least = others.reduce((before, each) => (each.left < before.left ? each : before), first);
      if (least.left > 0) return least;
    }
    return readPathsLeft(source.store, paths, customer);
  };

  /** Charges what is pending, and learns what is left. */
  const settle = async (customer: string, account: Account): Promise<void> => {
    account.charging = account.pending;
    account.pending = 0;
    account.readAt = clock.monotonic();
    try {
      account.left = await charge(customer, account.charging);
    } catch (error) {
      // They are charged once the store answers. Whether jobs wait until then is the policy's: a store that may be done without does not throw.
      account.pending += account.charging;
      logger.debug({ customer, err: error }, 'paths are charged later');
    }
    account.charging = 0;
  };

  const settleNow = (customer: string, account: Account): Promise<void> =>
    (account.reading ??= settle(customer, account).finally(() => {
      account.reading = null;
      if (account.pending > 0) settleSoon(customer, account);
    }));

  const settleSoon = (customer: string, account: Account): void => {
    if (closed) return;
    account.cancel ??= clock.after(chargeEveryMs, () => {
      account.cancel = null;
      void settleNow(customer, account);
    });
  };

  return {
    add(customer, paths) {
      if (paths === 0) return;
      const account = accountOf(customer);
      account.pending += paths;
      settleSoon(customer, account);
    },
    hold(customer, since = -Infinity) {
      const account = accountOf(customer);
      if (clock.monotonic() - account.readAt >= freshMs || account.readAt <= since) void settleNow(customer, account);
      const { left } = account;
      if (left === null || left.left > account.pending + account.charging) return null;
      if (account.reading !== null) return retryMs.least;
      return Math.min(retryMs.most, Math.max(retryMs.least, left.retryAfterMs));
    },
    async close() {
      closed = true;
      for (const [customer, account] of accounts) {
        account.cancel?.();
        await account.reading;
        if (account.pending > 0) await settle(customer, account);
      }
    },
  };
};

const leftOf = (rule: Rule, decision: Decision | undefined): PathsLeft => {
  const { remaining = 0, limit = rule.limit } = decision ?? {};
  return { rule, left: remaining, most: limit, retryAfterMs: 0 };
};
