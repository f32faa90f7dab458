export interface RetryDelays {
  /** Longest first delay, in milliseconds. */
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Delay before try number `failures + 1`, after `failures` ≥ 1 failures in a row: exponential, with "equal jitter" (half fixed, half random), so
 * that many clients of one restarted platform do not come back at the same moment, and none hammers it.
 * `random` is in [0, 1). (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
 */
export const retryDelay = (failures: number, { baseMs, capMs }: RetryDelays, random: number): number => {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return ceiling / 2 + (ceiling / 2) * random;
};
