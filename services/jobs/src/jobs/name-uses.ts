import type { Filter, Position } from '@simfleet/storage';
import type { Use } from '../removal/remove-unused.ts';
import type { JobNames, NameCollection } from './job-names.ts';
import type { JobStore } from './job-store.ts';

/** What uses a customer or a service: jobs, and reservations of jobs that are being created. */
export type NameUses = (of: { readonly field: 'customer' | 'service'; readonly value: string }) => Promise<Use>;

export interface NameUsesParts {
  readonly collection: NameCollection;
  readonly names: JobNames;
  readonly store: JobStore;
}

/** Jobs beyond are not counted: people want to know whether to begin cleaning up. */
const mostCounted = 1_000;
const pageSize = 100;

/**
 * Reservations are read after the mark of the deletion is durable, so that each creation either is seen here or sees the mark. Jobs are counted too,
 * since those of release 0.1.0 have reservations that do not tell their service.
 */
export const openNameUses =
  ({ collection, names, store }: NameUsesParts): NameUses =>
  async ({ field, value }) => {
    const filter: Filter = { op: 'eq', field, value };
    const jobs = await store.collection.count(filter, mostCounted);
    if (jobs > 0) return { kind: 'used', by: countOf(jobs) };
    let undecided = false;
    for (let after: Position | undefined; ;) {
      const page = await collection.query({
        filter,
        sort: { field: 'service', direction: 'ascending' },
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      });
      for (const row of page.rows) {
        const state = await names.clear(row);
        if (state === 'job') return { kind: 'used', by: countOf(1) };
        undecided ||= state === 'live';
      }
      after = page.rows.at(-1)?.position;
      if (!page.more || after === undefined) return { kind: undecided ? 'undecided' : 'free' };
    }
  };

const countOf = (jobs: number): string =>
  jobs === 1 ? 'has 1 job' : `has ${jobs === mostCounted ? `${mostCounted} jobs or more` : `${jobs} jobs`}`;
