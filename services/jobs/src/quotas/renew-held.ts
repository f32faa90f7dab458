import { activeJobs, eachJob } from '../jobs/each-job.ts';
import type { StoredJob } from '../jobs/job-document.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { HeldUnits } from './held-units.ts';
import { hasPlace, isInQueue, waitsFor } from './place.ts';
import type { QuotaSource } from './quota-source.ts';

/**
 * Writes down in the store of the counts what the records say is held, all jobs that are not over: so what the store lost is there again, and what
 * died without giving back is not. One process does so at a time.
 */
export interface RenewHeld {
  /** Answers the customers of jobs that wait. */
  renew(): Promise<ReadonlySet<string>>;
  /** The job gave back what it held: a renewal that is under way must not take it again. */
  gaveBack(jobId: string): void;
}

/** Renewals under way at a time. */
const atOnce = 64;

export const openRenewHeld = (source: QuotaSource, store: JobStore, held: HeldUnits): RenewHeld => {
  let given: Set<string> | null = null;

  const renewOne = async ({ id, doc }: StoredJob): Promise<void> => {
    const { queued, running } = await source.quotasOf(doc.customer);
    if (given?.has(id) === true) return;
    await Promise.all([
      ...(isInQueue(doc) ? [held.renew(queued, doc.customer, id)] : []),
      ...(hasPlace(doc) ? [held.renew(running, doc.customer, id)] : []),
    ]);
  };

  return {
    async renew() {
      given = new Set();
      const waiting = new Set<string>();
      let page: StoredJob[] = [];
      const flush = async (): Promise<void> => {
        await Promise.all(page.map(renewOne));
        page = [];
      };
      try {
        for await (const job of eachJob(store, activeJobs)) {
          if (waitsFor(job.doc) !== null) waiting.add(job.doc.customer);
          page.push(job);
          if (page.length >= atOnce) await flush();
        }
        await flush();
      } finally {
        given = null;
      }
      return waiting;
    },
    gaveBack: (jobId) => void given?.add(jobId),
  };
};
