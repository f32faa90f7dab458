import type { Rule } from '@simfleet/rate-limit';
import { decideAll, quotaExceeded } from './held-units.ts';
import type { OnShadowed, Refused } from './held-units.ts';
import { keyOf } from './quota-source.ts';
import type { Quota, QuotaSource } from './quota-source.ts';

/**
 * Takes the new job's unit of the queue, before anything is written of it. Throws `quota-exceeded` when the customer has as many jobs that do not run yet as it may have, or
 * has used up its paths; `unavailable` while a store that must not be done without does not answer. Nothing was counted then.
 */
export type EnterQueue = (customer: string, jobId: string) => Promise<void>;

export const openEnterQueue =
  (source: QuotaSource, onShadowed: OnShadowed): EnterQueue =>
  async (customer, jobId) => {
    const { store } = source;
    const { queued, paths } = await source.quotasOf(customer);
    const quotas: readonly Quota[] = [...queued, ...paths];
    const held = new Set<Rule>(queued.map(({ rule }) => rule));
    const refused = await decideAll(
      store,
      quotas,
      // A cost of 0 asks whether any path is left.
      (rule) => ({ rule, key: keyOf(customer), ...(held.has(rule) ? { lease: jobId } : { cost: 0 }) }),
      onShadowed,
    );
    if (refused.length === 0) return;
    throw quotaExceeded(refused, refused.map(detailOf).join('; '));
  };

const detailOf = ({ rule }: Refused): string =>
  rule.algorithm === 'concurrency'
    ? `the customer has ${rule.limit} of ${rule.limit} queued jobs`
    : `the customer has used its ${rule.limit} paths of the quota ${rule.name}`;
