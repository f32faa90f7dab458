import { Gauge } from '@simfleet/runtime';
import type { Clock, Logger, Metrics } from '@simfleet/runtime';

/** Counts who asks most, by policy. */
export interface HotKeys {
  saw(policy: string, key: string, refused: boolean): void;
}

interface Entry {
  readonly policy: string;
  readonly key: string;
  seen: number;
  refused: number;
}

/** Keys followed at a time: enough to hold every key that has more than 1 in 256 of the requests of a minute. */
const capacity = 256;
const periodMs = 60_000;
const told = 5;

/**
 * The busiest keys of each minute (Metwally, Agrawal, El Abbadi 2005, "space-saving": a new key takes the place and count of the least one, so counts
 * are at most too high by that). What was refused most is told in the log, once a minute; keys are user ids, addresses, customers and digests of tokens.
 */
export const createHotKeys = (clock: Pick<Clock, 'monotonic'>, metrics: Metrics, logger: Logger): HotKeys => {
  const hottest = new Gauge({
    name: 'simfleet_rate_limit_hottest_key_requests',
    help: 'Requests of the busiest key of each policy in the last full minute in which there were any.',
    labelNames: ['policy'] as const,
    registers: [metrics],
  });
  const entries = new Map<string, Entry>();
  let ends = clock.monotonic() + periodMs;

  const tell = (): void => {
    hottest.reset();
    const busiest = new Map<string, number>();
    for (const { policy, seen } of entries.values()) busiest.set(policy, Math.max(busiest.get(policy) ?? 0, seen));
    for (const [policy, requests] of busiest) hottest.set({ policy }, requests);
    const refused = [...entries.values()].filter((entry) => entry.refused > 0).sort((a, b) => b.refused - a.refused);
    for (const { policy, key, seen, refused: refusals } of refused.slice(0, told))
      logger.info({ policy, key, requests: seen, refused: refusals }, 'a limit refused requests in the last minute');
    entries.clear();
  };

  const entryOf = (policy: string, key: string): Entry => {
    const place = `${policy} ${key}`;
    const known = entries.get(place);
    if (known !== undefined) return known;
    let seen = 0;
    if (entries.size >= capacity) {
      const [least, { seen: count }] = [...entries].reduce((a, b) => (b[1].seen < a[1].seen ? b : a));
      entries.delete(least);
      seen = count;
    }
    const entry = { policy, key, seen, refused: 0 };
    entries.set(place, entry);
    return entry;
  };

  return {
    saw(policy, key, refused) {
      if (clock.monotonic() >= ends) {
        tell();
        ends = clock.monotonic() + periodMs;
      }
      const entry = entryOf(policy, key);
      entry.seen += 1;
      if (refused) entry.refused += 1;
    },
  };
};
