import type { Clock } from '@simfleet/runtime';

export interface BucketOptions {
  /** Tokens a second. */
  readonly rate: number;
  /** Tokens that are there at first, and at most. */
  readonly burst: number;
}

export interface TokenBucket {
  /** Takes a token and answers how long to wait for it, in milliseconds; later callers wait behind. */
  reserve(): number;
  /** Takes a token when one is there. */
  tryTake(): boolean;
}

/** The token bucket of `golang.org/x/time/rate`: reservations may run into debt, so that no caller starves. */
export const tokenBucket = (clock: Clock, { rate, burst }: BucketOptions): TokenBucket => {
  let tokens = burst;
  let filledAt = clock.monotonic();
  const fill = (): void => {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * rate);
    filledAt = now;
  };
  return {
    reserve() {
      fill();
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / rate) * 1000;
    },
    tryTake() {
      fill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
};
