import type { Logger } from '@simfleet/runtime';
import type { Filter, Position } from '@simfleet/storage';
import type { Parts } from '../assemble.ts';
import { documentEntries } from '../live/live-entries.ts';
import { system } from './end-job.ts';
import { engineOf } from './job-document.ts';
import type { JobDocument, StoredJob } from './job-document.ts';
import type { JobStore } from './job-store.ts';

const active: Filter = { op: 'in', field: 'state', values: ['Queued', 'Running', 'Suspended'] };
const expiring: Filter = { op: 'range', field: 'expiresAt', from: '1970-01-01T00:00:00.000Z' };

/**
 * What a start does for the jobs that it finds: timers are armed, what a crash kept from the live logs is appended, and jobs whose engine build
 * this platform does not have, or that a crash kept from being given up, fail. Their folds are made when they are needed.
 */
export const takeUpJobs = async (parts: Parts, logger: Logger): Promise<void> => {
  const { store, timers, live, endJob, giveUp, surroundings } = parts;
  let count = 0;
  for await (const job of eachJob(store, active)) {
    count += 1;
    timers.arm(job);
    live.push(job.id, documentEntries(job));
    if (engineOf(job.doc, surroundings.engines) !== null) {
      await giveUp(job);
      continue;
    }
    const { engine, engineVersion } = job.doc.service;
    const message = `this platform does not have the build of engine "${engine}" (${engineVersion}) that the job is bound to`;
    await endJob(job.id, { reason: 'EngineUnavailable', message, by: system });
  }
  for await (const job of eachJob(store, expiring)) timers.arm(job);
  if (count > 0) logger.info({ jobs: count }, 'took up active jobs');
};

const eachJob = async function* (store: JobStore, filter: Filter): AsyncGenerator<StoredJob, void> {
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
