import { start } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import { waitsFor } from '../quotas/place.ts';
import { system } from './end-job.ts';
import { recorded, timeText } from './job-document.ts';
import type { StoredJob } from './job-document.ts';
import { jobChanged } from './job-events.ts';
import type { JobStore } from './job-store.ts';

/** The first shard runs: Queued → Running. Any other job stays as it is, and one that waits for a quota: that is a late word of a shard. */
export type StartJob = (job: StoredJob) => Promise<void>;

export const openStartJob = (store: JobStore, clock: Pick<Clock, 'now'>): StartJob => {
  return async ({ id, doc }) => {
    if (doc.state !== 'Queued' || waitsFor(doc) !== null) return;
    await store.change(id, (job, version) => {
      const now = clock.now();
      const started = start(job, now);
      if (started === job || waitsFor(job) !== null) return null;
      const after = recorded(job, started, { by: system, now, message: null });
      return { doc: after, events: [jobChanged(id, after, version, timeText(now))] };
    });
  };
};
