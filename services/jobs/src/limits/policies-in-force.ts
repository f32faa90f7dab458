import type { LimitPolicy } from '@simfleet/contracts';
import { compilePolicies } from '@simfleet/rate-limit';
import type { CompiledPolicies, Soon } from '@simfleet/rate-limit';

/** What requests and jobs are held to in this process. */
export interface PoliciesInForce {
  /** The last that were read: none before the first time. */
  policies(): CompiledPolicies;
  /** The plan of a customer; undefined when there is none, or it cannot be told now. */
  planOf(customer: string): Soon<string | undefined>;
  /** Called after each change of policies or plans; answers how to end that. */
  onChanged(listener: () => void): () => void;
}

/** The same, for the one who reads them. */
export interface PoliciesHolder extends PoliciesInForce {
  replace(policies: readonly LimitPolicy[]): void;
  /** Where plans are asked for from then on. */
  usePlans(planOf: PoliciesInForce['planOf']): void;
  changed(): void;
}

export const holdPolicies = (): PoliciesHolder => {
  const listeners = new Set<() => void>();
  let compiled = compilePolicies([]);
  let text = '[]';
  let planOf: PoliciesInForce['planOf'] = () => undefined;
  const changed = (): void => listeners.forEach((listener) => listener());
  return {
    policies: () => compiled,
    planOf: (customer) => planOf(customer),
    onChanged(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    replace(policies) {
      const next = JSON.stringify(policies);
      // The rules stay the same objects while nothing changes: what is remembered of them stays too.
      if (next === text) return;
      [compiled, text] = [compilePolicies(policies), next];
      changed();
    },
    usePlans(ask) {
      planOf = ask;
    },
    changed,
  };
};
