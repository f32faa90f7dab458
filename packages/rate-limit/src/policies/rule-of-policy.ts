import type { LimitPolicy } from '@simfleet/contracts';
import type { Rule } from '../rule.ts';

/** Milliseconds that a request, or job, that is never renewed counts as under way. */
const defaultLeaseMs = 60_000;

const msOf = (seconds: number): number => Math.round(seconds * 1000);

/** The rule that a policy is for customers of a plan; undefined: of none that the policy names. */
export const ruleOfPolicy = ({ name, rule, plans }: LimitPolicy, plan?: string): Rule => {
  const own = plan !== undefined && plans !== undefined && Object.hasOwn(plans, plan) ? plans[plan] : undefined;
  const limit = own?.limit ?? rule.limit;
  if (rule.algorithm === 'concurrency') {
    const leaseMs = rule.leaseSeconds === undefined ? defaultLeaseMs : msOf(rule.leaseSeconds);
    return { name, algorithm: 'concurrency', limit, leaseMs };
  }
  const windowMs = msOf(rule.windowSeconds);
  if (rule.algorithm !== 'token-bucket' && rule.algorithm !== 'leaky-bucket')
    return { name, algorithm: rule.algorithm, limit, windowMs };
  // A plan that names a limit alone has the burst of its own algorithm, not one that was meant for another limit.
  const burst = own === undefined ? rule.burst : own.burst;
  return { name, algorithm: rule.algorithm, limit, windowMs, ...(burst === undefined ? {} : { burst }) };
};
