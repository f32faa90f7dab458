export type {
  Algorithm,
  ConcurrencyRule,
  FixedWindowRule,
  LeakyBucketRule,
  Rule,
  SlidingCounterRule,
  SlidingLogRule,
  TokenBucketRule,
} from './rule.ts';
export type { Charge, Decision, LimiterStore, Soon } from './store.ts';
