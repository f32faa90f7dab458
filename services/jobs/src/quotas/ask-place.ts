import type { JobStore } from '../jobs/job-store.ts';
import type { HeldUnits } from './held-units.ts';
import { runningOf, waitingOf } from './place.ts';
import type { GivenPlace } from './place.ts';
import { leastLimit } from './quota-source.ts';
import type { QuotaSource } from './quota-source.ts';

/**
 * The place of a job that is about to queue: one among the running jobs when there is one and nobody waits for it, else a place in the line. What it takes
 * is the job's for as long as a lease; who does not write the job with it gives it back.
 */
export type AskPlace = (customer: string, jobId: string) => Promise<GivenPlace>;

export const unlimited: GivenPlace = { place: 'runs', message: null };

export const inLine = (running: number, limit: number): GivenPlace => ({
  place: 'waits',
  message: `waits: the customer runs ${Math.max(running, limit)} of ${limit} jobs`,
});

export const openAskPlace =
  (source: QuotaSource, { collection }: Pick<JobStore, 'collection'>, held: HeldUnits): AskPlace =>
  async (customer, jobId) => {
    const { running: quotas } = await source.quotasOf(customer);
    const limit = leastLimit(quotas);
    if (limit !== null) {
      const [running, waiting] = await Promise.all([
        collection.count(runningOf(customer), limit),
        collection.count(waitingOf(customer), 1),
      ]);
      // The records rule: the store of the counts may have lost them.
      if (running >= limit || waiting > 0) return inLine(running, limit);
    }
    const refused = await held.take(quotas, customer, jobId);
    return refused.length === 0 || limit === null ? unlimited : inLine(limit, limit);
  };
