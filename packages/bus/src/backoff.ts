/** How long to wait after a failed attempt. */
export interface Backoff {
  /** Milliseconds after the first failure; doubles with each further one. */
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Quick enough to ride out a lock or a restart; ten attempts take about half a minute. */
export const defaultBackoff: Backoff = { firstMs: 50, mostMs: 10_000 };

/**
 * Milliseconds to wait after `attempt` failures (1, 2, …): exponential, with the upper half drawn at random so that
 * what failed together does not come back together. `random` is in 0 … 1.
 */
export const delayAfter = ({ firstMs, mostMs }: Backoff, attempt: number, random: number): number => {
  const full = Math.min(mostMs, firstMs * 2 ** (attempt - 1));
  return full / 2 + (full / 2) * random;
};
