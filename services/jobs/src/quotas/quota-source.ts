import type { LimitMeasure } from '@simfleet/contracts';
import type { CompiledPolicies, ConcurrencyRule, LimiterStore, Rule, Soon } from '@simfleet/rate-limit';

/** A rule of a policy that holds for a customer. */
export interface Quota<Its extends Rule = Rule> {
  /** Its name is that of the policy. */
  readonly rule: Its;
  /** Counted and told in metrics, and never in the way. */
  readonly shadow: boolean;
}

/** What a customer may have at a time, or in a time. Of several rules of one kind all hold. */
export interface Quotas {
  /** Jobs that are neither over nor running. */
  readonly queued: readonly Quota<ConcurrencyRule>[];
  /** Jobs that run, or are about to. */
  readonly running: readonly Quota<ConcurrencyRule>[];
  /** Never concurrency. */
  readonly paths: readonly Quota[];
}

/** Where the quotas of customers come from, and where they are counted. */
export interface QuotaSource {
  readonly store: LimiterStore;
  /** As the policies are now. */
  quotasOf(customer: string): Soon<Quotas>;
  /** Milliseconds between two renewals of what jobs hold, at most a third of the shortest lease; default 20,000. */
  readonly renewEveryMs?: number;
  /** Called when policies or plans may have changed; answers how to end that. Left out: changes are seen within a second. */
  onChanged?(listener: () => void): () => void;
}

/** Key of a customer's budgets. */
export const keyOf = (customer: string): string => `customer:${customer}`;

/** The quotas that policies make, for customers of a plan. */
export const quotasOfPolicies = (policies: Pick<CompiledPolicies, 'rules'>, plan: string | undefined): Quotas => {
  const of = (measure: LimitMeasure): readonly Quota[] =>
    policies.rules(measure, plan).map(({ policy, rule }) => ({ rule, shadow: policy.shadow }));
  return { queued: of('jobs-queued').filter(isHeld), running: of('jobs-running').filter(isHeld), paths: of('paths') };
};

const isHeld = (quota: Quota): quota is Quota<ConcurrencyRule> => quota.rule.algorithm === 'concurrency';

export const enforced = <Its extends Rule>(quotas: readonly Quota<Its>[]): readonly Its[] =>
  quotas.filter(({ shadow }) => !shadow).map(({ rule }) => rule);

/** The narrowest of the limits that are enforced; null = none is. */
export const leastLimit = (quotas: readonly Quota[]): number | null => {
  const limits = enforced(quotas).map(({ limit }) => limit);
  return limits.length === 0 ? null : Math.min(...limits);
};
