import type { Clock } from '@simfleet/runtime';
import { tokenBucket, type BucketOptions } from './token-bucket.ts';

export interface BackoffOptions {
  /** Delay after the first failure of a key; it doubles with each further one. Milliseconds. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** For the failures of all keys together, so that ten thousand that fail at once do not come back at once. */
  readonly overall: BucketOptions;
}

/** As controller-runtime has it (client-go, DefaultTypedControllerRateLimiter). */
export const defaultBackoff: BackoffOptions = {
  firstMs: 5,
  longestMs: 1_000_000,
  overall: { rate: 10, burst: 100 },
};

export interface Backoff {
  /** Counts a failure and answers how long to leave the key alone, in milliseconds. */
  failed(key: string): number;
  /** The key is well. */
  forget(key: string): void;
  failures(key: string): number;
}

/** Each key backs off for itself, and all of them share the overall rate. */
export const createBackoff = (clock: Clock, { firstMs, longestMs, overall }: BackoffOptions): Backoff => {
  const failures = new Map<string, number>();
  const bucket = tokenBucket(clock, overall);
  return {
    failed(key) {
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      // 2 ** 1023 is the last finite power; the longest delay is reached long before.
      const alone = Math.min(firstMs * 2 ** Math.min(before, 1000), longestMs);
      return Math.max(alone, bucket.reserve());
    },
    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,
  };
};
