interface RuleBase {
  /** Names the rule in headers, metrics and keys: lower-case letters, digits and hyphens, at most 63. A changed rule under the same name goes on from what was counted, see `store.ts`. */
  readonly name: string;
  /** Whole cost units: 1 … 2^53 − 1. */
  readonly limit: number;
}

interface RateRule extends RuleBase {
  /** Milliseconds, a whole number: 1 … 31 days. */
  readonly windowMs: number;
}

/** A bucket of `burst` (default `limit`) that fills by `limit` a window, steadily. Admits at most burst + limit · t ÷ window in any time t. */
export interface TokenBucketRule extends RateRule {
  readonly algorithm: 'token-bucket';
  readonly burst?: number;
}

/**
 * The generic cell rate algorithm (ITU-T I.371, a leaky bucket as a meter): one unit every window ÷ limit, `burst` (default 1) of them at once.
 * Admits at most burst + limit · t ÷ window in any time t.
 */
export interface LeakyBucketRule extends RateRule {
  readonly algorithm: 'leaky-bucket';
  readonly burst?: number;
}

/** Remembers every admission of the last window: at most `limit` in any window, exactly. State grows with the admissions of a window. */
export interface SlidingLogRule extends RateRule {
  readonly algorithm: 'sliding-log';
}

/** Two counters, the one before weighted by the part of it that the window still covers. Its bound is in the README. */
export interface SlidingCounterRule extends RateRule {
  readonly algorithm: 'sliding-counter';
}

/** Windows begin at multiples of `windowMs` of the store's time: `limit` in each, so at most 2 · limit in any time as long as a window. */
export interface FixedWindowRule extends RateRule {
  readonly algorithm: 'fixed-window';
}

/** At most `limit` units held at a time. A holder names its lease and renews it within `leaseMs`, or loses it: what died holds nothing. */
export interface ConcurrencyRule extends RuleBase {
  readonly algorithm: 'concurrency';
  /** Milliseconds: 1 … 31 days. */
  readonly leaseMs: number;
}

export type Rule =
  TokenBucketRule | LeakyBucketRule | SlidingLogRule | SlidingCounterRule | FixedWindowRule | ConcurrencyRule;

export type Algorithm = Rule['algorithm'];
