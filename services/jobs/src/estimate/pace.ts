/** Paths per second over the last seconds, from counts that arrive at any time. Times are monotonic milliseconds. */
export interface Pace {
  add(paths: number, now: number): void;
  /** Null until enough time has passed to say. */
  perSecond(now: number): number | null;
}

/** Short enough to show a shard that came or went, long enough that reports do not make the figure jump. */
const windowMs = 5_000;
const bucketMs = 250;
/** Below this a figure would say more about the arrival of one report than about pace. */
const leastMs = 100;

export const openPace = (startedAt: number): Pace => {
  const buckets = new Map<number, number>();
  const forget = (now: number): void => {
    const oldest = Math.floor((now - windowMs) / bucketMs);
    for (const bucket of buckets.keys()) {
      if (bucket > oldest) return;
      buckets.delete(bucket);
    }
  };
  return {
    add(paths, now) {
      forget(now);
      const bucket = Math.floor(now / bucketMs);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + paths);
    },
    perSecond(now) {
      forget(now);
      const elapsed = Math.min(windowMs, now - startedAt);
      if (buckets.size === 0 || elapsed < leastMs) return null;
      const paths = [...buckets.values()].reduce((sum, count) => sum + count, 0);
      return (paths * 1000) / elapsed;
    },
  };
};
