import { isOver } from '@simfleet/domain';
import type { JobStore } from '../jobs/job-store.ts';
import { documentEntries } from './live-entries.ts';
import type { LiveLog } from './live-log.ts';

/** Tells the live log of each change of state and of the result, as soon as the job is saved. */
export const openAnnouncer = (store: JobStore, live: LiveLog): void => {
  /** Last transition of each active job that was handed to the log; none = this process has not seen the job yet, so all are. */
  const told = new Map<string, number>();
  store.onSaved((id, job) => {
    if (job === null) return void told.delete(id);
    const { history } = job.doc;
    const last = history.at(-1)?.number ?? 0;
    const before = told.get(id);
    if (before === last) return;
    // Appending what is there already changes nothing, but costs a comparison each.
    const fresh = before === undefined ? history.length : last - before;
    const entries = documentEntries(job);
    const skipped = Math.max(0, history.length - fresh);
    live.push(id, entries.slice(skipped));
    if (isOver(job.doc)) told.delete(id);
    else told.set(id, last);
  });
};
