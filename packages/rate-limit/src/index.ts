export { allotStore } from './allotments/allot-store.ts';
export type { AllotOptions, AllottedStore } from './allotments/allot-store.ts';
export { mostUnits } from './allotments/allotment.ts';
export type { Allotment } from './allotments/allotment.ts';
export type { StoreState } from './loss/circuit-breaker.ts';
export { guardStore } from './loss/guard-store.ts';
export type { GuardedStore, GuardOptions } from './loss/guard-store.ts';
export { shareOf } from './loss/loss-policy.ts';
export type { LossPolicy } from './loss/loss-policy.ts';
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
export { compilePolicies } from './policies/index.ts';
export type { CompiledPolicies, MatchingCharges, PolicyCharge, PolicyRule, RequestFacts } from './policies/index.ts';
