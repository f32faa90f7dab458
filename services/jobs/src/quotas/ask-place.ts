import type { JobStore } from '../jobs/job-store.ts';
import type { HeldUnits } from './held-units.ts';
import { waitingOf } from './place.ts';
import type { GivenPlace } from './place.ts';
import { leastLimit } from './quota-source.ts';
import type { QuotaSource } from './quota-source.ts';
import type { Room } from './room.ts';

/**
 * The place of a job that is about to queue: one among the running jobs when there is one and nobody waits for it, else a place in the line. What it takes
 * is the job's for as long as a lease; who does not write the job with it gives it back.
 */
export type AskPlace = (customer: string, jobId: string) => Promise<GivenPlace>;

export const unlimited: GivenPlace = { place: 'runs', message: null };

const inLine = (limit: number): GivenPlace => ({
  place: 'waits',
  message: `waits: the customer runs ${limit} of ${limit} jobs`,
});

export interface AskPlaceParts {
  readonly source: QuotaSource;
  readonly store: Pick<JobStore, 'collection'>;
  readonly held: HeldUnits;
  readonly room: Pick<Room, 'take' | 'settle'>;
}

export const openAskPlace =
  ({ source, store: { collection }, held, room }: AskPlaceParts): AskPlace =>
  async (customer, jobId) => {
    const { running: quotas } = await source.quotasOf(customer);
    const limit = leastLimit(quotas);
    if (limit === null) {
      await held.take(quotas, customer, jobId);
      return unlimited;
    }
    if ((await collection.count(waitingOf(customer), 1)) > 0) return inLine(limit);
    if (!(await room.take(customer, limit, jobId))) return inLine(limit);
    if ((await held.take(quotas, customer, jobId)).length === 0) return unlimited;
    room.settle(customer, jobId);
    return inLine(limit);
  };
