import type { Logger } from '@simfleet/runtime';
import type { Parts } from '../assemble.ts';
import { leaseOf } from '../estimate/lease-name.ts';
import { documentEntries } from '../live/live-entries.ts';
import { ofGone } from '../quotas/admit-waiting.ts';
import { hasPlace } from '../quotas/place.ts';
import { activeJobs, eachJob, expiringJobs } from './each-job.ts';
import { system } from './end-job.ts';
import { engineOf } from './job-document.ts';
import type { StoredJob } from './job-document.ts';

/**
 * What a start does for the jobs that it finds: timers are armed, what a crash kept from the live logs is appended, and jobs whose engine build
 * this platform does not have, or that a crash kept from being given up, fail. Their folds are made when they are needed. Several replicas
 * may do so at once: every step is safe to do twice.
 */
export const takeUpJobs = async (parts: Parts, logger: Logger): Promise<void> => {
  const { store, timers, live, endJob, giveUp, surroundings } = parts;
  let count = 0;
  for await (const job of eachJob(store, activeJobs)) {
    count += 1;
    await stampPlace(store, job);
    timers.arm(job);
    live.push(job.id, documentEntries(job));
    if (engineOf(job.doc, surroundings.engines) !== null) {
      await giveUp(job);
      continue;
    }
    // Another replica may have it: during an upgrade not all have the same.
    const { leases } = surroundings;
    if ((await leases.holderOf(leaseOf(job.id))) !== leases.memberId) continue;
    const { engine, engineVersion } = job.doc.service;
    const message = `this platform does not have the build of engine "${engine}" (${engineVersion}) that the job is bound to`;
    await endJob(job.id, { reason: 'EngineUnavailable', message, by: system });
  }
  for await (const job of eachJob(store, expiringJobs)) timers.arm(job);
  if (count > 0) logger.info({ jobs: count }, 'took up active jobs');
};

/** A job of release 0.1.0 that was not over counts among the running ones: it was let run. */
const stampPlace = async (store: Parts['store'], { id, doc }: StoredJob): Promise<void> => {
  if (doc.place !== undefined || !hasPlace(doc)) return;
  await store
    .change(id, (job) => (job.place === undefined && hasPlace(job) ? { doc: { ...job, place: 'runs' } } : null))
    .catch(ofGone);
};
