import { Counter } from '@simfleet/runtime';
import type { Metrics } from '@simfleet/runtime';
import type { JobStore } from './jobs/job-store.ts';

/** Counts what happens to jobs, for `/metrics`. */
export const measureJobs = (metrics: Metrics, store: JobStore): void => {
  const ended = new Counter({
    name: 'simfleet_jobs_ended_total',
    help: 'Jobs that ended, by reason.',
    labelNames: ['reason'],
    registers: [metrics],
  });
  const running = new Map<string, boolean>();
  store.onSaved((id, job) => {
    const over = job !== null && job.doc.result !== null;
    if (over && running.get(id) === true && job.doc.stopReason !== null) ended.inc({ reason: job.doc.stopReason });
    if (job === null || over) running.delete(id);
    else running.set(id, true);
  });
};
