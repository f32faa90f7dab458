import type { LimiterStore, Rule } from '@simfleet/rate-limit';
import { enforced, keyOf } from './quota-source.ts';
import type { Quota } from './quota-source.ts';

/** What the narrowest of a customer's quotas of paths has left. */
export interface PathsLeft {
  readonly rule: Rule;
  readonly left: number;
  /** What it has left when none were used: its burst, or limit. */
  readonly most: number;
  /** Milliseconds until there is one, if nothing else comes; 0 when there is. */
  readonly retryAfterMs: number;
}

/** Null when none is enforced. Throws `unavailable` while a store that must not be done without does not answer. */
export const readPathsLeft = async (
  store: LimiterStore,
  quotas: readonly Quota[],
  customer: string,
): Promise<PathsLeft | null> => {
  let least: PathsLeft | null = null;
  for (const rule of enforced(quotas)) {
    const { remaining, limit, retryAfterMs } = await store.peek({ rule, key: keyOf(customer), cost: 0 });
    if (least !== null && remaining >= least.left) continue;
    least = { rule, left: remaining, most: limit, retryAfterMs: retryAfterMs ?? 0 };
  }
  return least;
};

/**
 * Part of the most that it can have which a quota must have left before jobs that were paused for it go on. A bucket fills by the millisecond, and a job that went on at once
 * would be paused again after a lease, its shards started and ended each time.
 */
const enough = 0.01;

export const mayGoOn = (paths: PathsLeft | null): boolean =>
  paths === null || paths.left >= Math.max(1, Math.floor(paths.most * enough));

/** The last millisecond that four digits of a year can tell. A bucket that fills by one path a day may need longer. */
const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Why a job is paused, for a person. `now`: milliseconds since 1970. */
export const pausedMessage = ({ rule, retryAfterMs }: PathsLeft, now: number): string =>
  `waits: the customer has used its ${rule.limit} paths of the quota ${rule.name}; there are more from ${new Date(Math.min(latest, now + retryAfterMs)).toISOString()}`;
