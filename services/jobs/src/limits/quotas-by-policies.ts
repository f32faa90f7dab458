import type { LimiterStore } from '@simfleet/rate-limit';
import { quotasOfPolicies } from '../quotas/quota-source.ts';
import type { QuotaSource, Quotas } from '../quotas/quota-source.ts';
import type { PoliciesInForce } from './policies-in-force.ts';

/** What customers may have of jobs, as the policies in force say for their plans. */
export const quotasByPolicies = (store: LimiterStore, limits: PoliciesInForce): QuotaSource => ({
  store,
  quotasOf(customer) {
    const quotas = (plan: string | undefined): Quotas => quotasOfPolicies(limits.policies(), plan);
    const plan = limits.planOf(customer);
    return plan instanceof Promise ? plan.then(quotas) : quotas(plan);
  },
  onChanged: (listener) => limits.onChanged(listener),
});
