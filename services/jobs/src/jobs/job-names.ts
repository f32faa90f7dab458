import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration } from '@simfleet/storage';
import type { KeyedLock } from '../keyed-lock.ts';
import type { JobStore } from './job-store.ts';

/** Who has a name: makes names unique per customer, though every job is a document of its own. */
interface NameDocument {
  readonly customer: string;
  readonly jobId: string;
}

export const namesCollection = { name: 'job_names', fields: {}, sorts: [] } as const satisfies CollectionDeclaration;
export type NameCollection = Collection<NameDocument>;

export interface NameClaim {
  readonly customer: string;
  readonly name: string;
  readonly jobId: string;
}

export interface JobNames {
  /**
   * Does the work with the name reserved. A reservation whose job does not exist is of a creation that a crash ended, and is taken over.
   * Throws `already-exists` when another job has the name.
   */
  reserved<Result>(claim: NameClaim, work: () => Promise<Result>): Promise<Result>;
  /** Gives the name back, if it is still the job's. */
  release(claim: NameClaim): Promise<void>;
}

const idOf = ({ customer, name }: NameClaim): string => `${customer}/${name}`;

export const openJobNames = (names: NameCollection, store: JobStore, lock: KeyedLock): JobNames => {
  const claimName = async (claim: NameClaim): Promise<void> => {
    const { customer, name, jobId } = claim;
    const doc = { customer, jobId };
    const before = await names.get(idOf(claim));
    if (before === null) return void (await names.insert(idOf(claim), doc));
    if (before.doc.jobId === jobId) return;
    if ((await store.collection.get(before.doc.jobId)) !== null) {
      throw new SimfleetError(
        'already-exists',
        `customer "${customer}" has a job "${name}" already: ${before.doc.jobId}`,
        {
          mistakes: [{ pointer: '/name', detail: `is the name of job ${before.doc.jobId}` }],
        },
      );
    }
    await names.save(idOf(claim), before.version, doc);
  };

  return {
    reserved: (claim, work) =>
      lock.exclusive(`name/${idOf(claim)}`, async () => {
        await claimName(claim);
        return work();
      }),
    // Behind the same lock: a reservation that is being taken over must not vanish under it.
    release: (claim) =>
      lock.exclusive(`name/${idOf(claim)}`, async () => {
        const stored = await names.get(idOf(claim));
        if (stored === null || stored.doc.jobId !== claim.jobId) return;
        await names.delete(stored.id, stored.version).catch((error: unknown) => {
          const gone = errorCode(error) === 'not-found' || errorCode(error) === 'version-conflict';
          if (!gone) throw error;
        });
      }),
  };
};
