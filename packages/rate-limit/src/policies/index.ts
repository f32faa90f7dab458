export { compilePolicies } from './compile-policies.ts';
export type { CompiledPolicies, MatchingCharges, PolicyCharge, PolicyRule, RequestFacts } from './compile-policies.ts';
