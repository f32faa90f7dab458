import type { Clock } from '@simfleet/runtime';
import type { StoredJob } from '../jobs/job-document.ts';
import { documentEntries, resultKey } from './live-entries.ts';
import type { LiveLog } from './live-log.ts';

/** Appends what the document of a job that is over knows and the live log lacks: a crash may have come between the two. */
export type CompleteLog = (job: StoredJob) => Promise<void>;

export interface CompleteLogParts {
  readonly live: LiveLog;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** Whether no other process may be folding the job, with looks on their way to the live log. */
  readonly isOurs: (jobId: string) => boolean;
}

/** What the process that folded the job is given to append its last looks and the result. */
const patienceMs = 1000;
const lookMs = 50;

export const openCompleteLog = ({ live, clock, isOurs }: CompleteLogParts): CompleteLog => {
  const isComplete = async (job: StoredJob): Promise<boolean> =>
    (await live.lastKey(job.id)) === resultKey(job.doc.run);

  return async (job) => {
    await live.settled(job.id);
    const end = clock.monotonic() + patienceMs;
    while (!(await isComplete(job))) {
      if (!isOurs(job.id) && clock.monotonic() < end) {
        await clock.sleep(lookMs);
        continue;
      }
      live.push(job.id, documentEntries(job));
      return live.settled(job.id);
    }
  };
};
