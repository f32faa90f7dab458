import type { Filter, Position } from '@simfleet/storage';
import type { JobDocument, StoredJob } from './job-document.ts';
import type { JobStore } from './job-store.ts';

export const activeJobs: Filter = { op: 'in', field: 'state', values: ['Queued', 'Running', 'Suspended'] };
/** Jobs whose record goes away some day. */
export const expiringJobs: Filter = { op: 'range', field: 'expiresAt', from: '1970-01-01T00:00:00.000Z' };

/** The jobs that fulfil the filter, oldest first, a page at a time. */
export const eachJob = async function* (store: JobStore, filter: Filter): AsyncGenerator<StoredJob, void> {
  for (let after: Position | undefined; ;) {
    const page = await store.collection.query({
      filter,
      sort: { field: 'createdAt', direction: 'ascending' },
      limit: 1000,
      ...(after === undefined ? {} : { after }),
    });
    yield* page.rows satisfies readonly { readonly doc: JobDocument }[];
    after = page.rows.at(-1)?.position;
    if (!page.more || after === undefined) return;
  }
};
