import type { JobDocument, StoredJob } from '../jobs/job-document.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { hasPlace, waitsFor } from './place.ts';
import type { GivenPlace } from './place.ts';
import type { JobQuotas } from './quotas.ts';

export interface WithPlaceParts {
  readonly store: JobStore;
  readonly quotas: Pick<JobQuotas, 'askPlace' | 'settle'>;
}

/** A change that may make a job queue that has no place, with one asked for beforehand: null when the job stands somewhere already. What was not used of it is given back. */
export const withPlace = async (
  { store, quotas }: WithPlaceParts,
  jobId: string,
  change: (given: GivenPlace | null) => Promise<StoredJob>,
): Promise<StoredJob> => {
  const before = await store.collection.get(jobId);
  if (before === null || stands(before.doc)) return change(null);
  const { customer } = before.doc;
  const given = await quotas.askPlace(customer, jobId);
  let after: StoredJob | null = null;
  try {
    after = await change(given);
    return after;
  } finally {
    await quotas.settle(customer, jobId, after ?? (await store.collection.get(jobId).catch(() => null)));
  }
};

const stands = (job: JobDocument): boolean => hasPlace(job) || waitsFor(job) !== null;

/** For a decision on the job: it may have got a place from somebody else since it was asked for, and keeps that. */
export const ifItStandsNowhere = (job: JobDocument, given: GivenPlace | null): Partial<GivenPlace> =>
  given === null || stands(job) ? {} : given;
