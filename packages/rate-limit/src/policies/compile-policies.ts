import type { LimitMeasure, LimitPartition, LimitPolicy, OnStoreLoss } from '@simfleet/contracts';
import type { Allotment } from '../allotments/allotment.ts';
import type { Rule } from '../rule.ts';
import type { Charge } from '../store.ts';
import { ruleOfPolicy } from './rule-of-policy.ts';

/** What is known of a request. */
export interface RequestFacts {
  readonly operation: string;
  /** Whether policies that name no operations apply. */
  readonly general: boolean;
  /** Who is counted, by partition. A policy whose partition is not here does not apply. */
  readonly keys: Readonly<Partial<Record<LimitPartition, string>>>;
  /** Of the customer; undefined where none is known: then the limits of the rule itself hold. */
  readonly plan?: string | undefined;
  /** Names the request among those under way. */
  readonly lease: string;
}

/** A policy, and what a request asks of it. */
export interface PolicyCharge {
  readonly policy: LimitPolicy;
  readonly charge: Charge;
}

/** Shadow policies are decided apart from the others, one by one: what they say refuses nothing. */
export interface MatchingCharges {
  readonly enforced: readonly PolicyCharge[];
  readonly shadow: readonly PolicyCharge[];
}

/** The rule of a policy for one plan. */
export interface PolicyRule {
  readonly policy: LimitPolicy;
  readonly rule: Rule;
}

/** Policies made ready to be asked at every request. Pure; a changed list is compiled anew. */
export interface CompiledPolicies {
  /** In the order of their names, those that are not enabled among them. */
  readonly policies: readonly LimitPolicy[];
  /** What a request asks of the enabled policies of requests whose partition is among its keys. */
  matching(facts: RequestFacts): MatchingCharges;
  /** Whether a request of this operation could ask anything of a policy with this partition. */
  uses(partition: LimitPartition, operation: string, general: boolean): boolean;
  /** The enabled policies of a measure, shadow ones too, as they are for customers of a plan. */
  rules(measure: LimitMeasure, plan?: string): readonly PolicyRule[];
  /** What happens to a rule while the store is away: that of the policy of its name, `open` for a rule of none. */
  onLoss(rule: Pick<Rule, 'name'>): OnStoreLoss;
  /** How the busy keys of a rule are allotted, by the policy of its name; null: they are not. */
  allotment(rule: Pick<Rule, 'name'>): Allotment | null;
}

/** A policy with the rule objects of its plans, which stay the same ones from request to request. */
interface Prepared {
  readonly policy: LimitPolicy;
  readonly ruleFor: (plan: string | undefined) => Rule;
}

const prepare = (policy: LimitPolicy): Prepared => {
  const own = ruleOfPolicy(policy);
  const ofPlans = new Map(Object.keys(policy.plans ?? {}).map((plan) => [plan, ruleOfPolicy(policy, plan)]));
  return { policy, ruleFor: (plan) => (plan === undefined ? own : (ofPlans.get(plan) ?? own)) };
};

/** Partition and key together, so that a policy whose partition is changed does not take a user for a customer of the same name. */
const keyOf = (partition: LimitPartition, key: string): string => `${partition}:${key}`;

const chargeOf = ({ policy, ruleFor }: Prepared, key: string, { plan, lease }: RequestFacts): PolicyCharge => {
  const rule = ruleFor(plan);
  const charge: Charge = { rule, key: keyOf(policy.per, key) };
  return { policy, charge: rule.algorithm === 'concurrency' ? { ...charge, lease } : charge };
};

export const compilePolicies = (policies: readonly LimitPolicy[]): CompiledPolicies => {
  const sorted = [...policies].sort((a, b) => (a.name < b.name ? -1 : 1));
  const losses = new Map(sorted.map(({ name, onStoreLoss }) => [name, onStoreLoss]));
  const allotments = new Map(
    sorted.flatMap(({ name, allotment }) => (allotment === undefined ? [] : [[name, allotment]])),
  );
  const prepared = sorted.filter(({ enabled }) => enabled).map(prepare);
  const ofRequests = prepared.filter(({ policy }) => policy.measure === 'requests');
  /** By operation: there are as many as routes. */
  const applying = new Map<string, readonly Prepared[]>();

  const of = (operation: string, general: boolean): readonly Prepared[] => {
    const place = general ? operation : `named ${operation}`;
    const known = applying.get(place);
    if (known !== undefined) return known;
    const here = ofRequests.filter(({ policy: { operations } }) => operations?.includes(operation) ?? general);
    applying.set(place, here);
    return here;
  };

  return {
    policies: sorted,
    matching(facts) {
      const enforced: PolicyCharge[] = [];
      const shadow: PolicyCharge[] = [];
      for (const each of of(facts.operation, facts.general)) {
        const key = facts.keys[each.policy.per];
        if (key !== undefined) (each.policy.shadow ? shadow : enforced).push(chargeOf(each, key, facts));
      }
      return { enforced, shadow };
    },
    uses: (partition, operation, general) => of(operation, general).some(({ policy }) => policy.per === partition),
    rules: (measure, plan) =>
      prepared
        .filter(({ policy }) => policy.measure === measure)
        .map(({ policy, ruleFor }) => ({ policy, rule: ruleFor(plan) })),
    onLoss: ({ name }) => losses.get(name) ?? 'open',
    allotment: ({ name }) => allotments.get(name) ?? null,
  };
};
