import { isOver } from '@simfleet/domain';
import type { Logger } from '@simfleet/runtime';
import type { StoredJob } from '../jobs/job-document.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { CompleteLog } from './complete-log.ts';
import { documentEntries } from './live-entries.ts';
import type { LiveLog } from './live-log.ts';

export interface AnnouncerParts {
  readonly store: JobStore;
  readonly live: LiveLog;
  readonly complete: CompleteLog;
  /** Whether no other process may be folding the job, with looks on their way to the live log. */
  readonly isOurs: (jobId: string) => boolean;
  readonly logger: Logger;
}

/**
 * Tells the live log of each change of state and of the result, as soon as the job is saved. The result of a job that another process folds is that one's to
 * tell, behind its last looks; should it not, it is told here a moment later.
 */
export const openAnnouncer = ({ store, live, complete, isOurs, logger }: AnnouncerParts): void => {
  const later = (job: StoredJob): void => {
    complete(job).catch((error: unknown) => {
      logger.warn({ jobId: job.id, err: error }, 'the result waits for somebody who watches the job');
    });
  };
  /** Last transition of each active job that was handed to the log; none = this process has not seen the job yet, so all are. */
  const told = new Map<string, number>();
  store.onSaved((id, job) => {
    if (job === null) return void told.delete(id);
    const { history } = job.doc;
    const last = history.at(-1)?.number ?? 0;
    const before = told.get(id);
    if (before === last) return;
    if (isOver(job.doc) && !isOurs(id)) {
      told.delete(id);
      return later(job);
    }
    // Appending what is there already changes nothing, but costs a comparison each.
    const fresh = before === undefined ? history.length : last - before;
    const entries = documentEntries(job);
    const skipped = Math.max(0, history.length - fresh);
    live.push(id, entries.slice(skipped));
    if (isOver(job.doc)) told.delete(id);
    else told.set(id, last);
  });
};
