import type { Clock } from '@simfleet/runtime';
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

const inLine = (limit: number): GivenPlace => ({
  place: 'waits',
  message: `waits: the customer runs ${limit} of ${limit} jobs`,
});

/** How long a count of the records is believed, in milliseconds: what others took since then the limiter knows. */
const freshMs = 1_000;

/** Places that the records had taken, and what this process gave out since. Too high sends a job into the line, where it is counted anew. */
interface Counted {
  running: number;
  readonly at: number;
}

export interface AskPlaceParts {
  readonly source: QuotaSource;
  readonly store: Pick<JobStore, 'collection'>;
  readonly held: HeldUnits;
  readonly clock: Pick<Clock, 'monotonic'>;
}

export const openAskPlace = ({ source, store: { collection }, held, clock }: AskPlaceParts): AskPlace => {
  const counted = new Map<string, Counted>();

  /** Reading a thousand rows takes a creation's time over again: so that is done once a second, and when it matters. */
  const countRunning = async (customer: string, limit: number): Promise<Counted> => {
    const known = counted.get(customer);
    if (known !== undefined && known.running < limit && clock.monotonic() - known.at < freshMs) return known;
    const at = clock.monotonic();
    const made = { running: await collection.count(runningOf(customer), limit), at };
    if (counted.size >= mostCounted) counted.clear();
    counted.set(customer, made);
    return made;
  };

  return async (customer, jobId) => {
    const { running: quotas } = await source.quotasOf(customer);
    const limit = leastLimit(quotas);
    if (limit === null) {
      await held.take(quotas, customer, jobId);
      return unlimited;
    }
    if ((await collection.count(waitingOf(customer), 1)) > 0) return inLine(limit);
    // The records rule: the store of the counts may have lost them.
    const known = await countRunning(customer, limit);
    if (known.running >= limit || (await held.take(quotas, customer, jobId)).length > 0) return inLine(limit);
    known.running += 1;
    return unlimited;
  };
};

const mostCounted = 10_000;
