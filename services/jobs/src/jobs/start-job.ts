import { start } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import { system } from './end-job.ts';
import { recorded, timeText } from './job-document.ts';
import type { StoredJob } from './job-document.ts';
import { jobChanged } from './job-events.ts';
import type { JobStore } from './job-store.ts';

/** The first shard runs: Queued → Running. Any other job stays as it is. */
export type StartJob = (job: StoredJob) => Promise<void>;

export const openStartJob = (store: JobStore, clock: Pick<Clock, 'now'>): StartJob => {
  return async ({ id, doc }) => {
    if (doc.state !== 'Queued') return;
    await store.change(id, (job, version) => {
      const now = clock.now();
      const started = start(job, now);
      if (started === job) return null;
      const after = recorded(job, started, { by: system, now, message: null });
      return { doc: after, events: [jobChanged(id, after, version, timeText(now))] };
    });
  };
};
