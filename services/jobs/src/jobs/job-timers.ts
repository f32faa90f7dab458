import { deadlineAt, isDeadlineExceeded, isOver } from '@simfleet/domain';
import { errorCode } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import type { DeleteJob } from './delete-job.ts';
import { system } from './end-job.ts';
import type { EndJob } from './end-job.ts';
import type { JobDocument, StoredJob } from './job-document.ts';
import type { JobStore } from './job-store.ts';

export interface JobTimersParts {
  readonly store: JobStore;
  readonly endJob: EndJob;
  readonly deleteJob: DeleteJob;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Ends jobs at their deadline and removes records at the end of their time to live. Armed again from the store after a restart. */
export interface JobTimers {
  arm(job: StoredJob): void;
  stop(): void;
}

/** Timers of Node overflow at 2^31 ms; a day is also often enough to follow a clock that was set. */
const longestMs = 86_400_000;
const retryMs = 1_000;

export const openJobTimers = ({ store, endJob, deleteJob, clock, logger }: JobTimersParts): JobTimers => {
  const timers = new Map<string, () => void>();
  let stopped = false;

  const disarm = (id: string): void => {
    timers.get(id)?.();
    timers.delete(id);
  };

  const set = (id: string, ms: number): void => {
    disarm(id);
    if (stopped) return;
    const wait = Math.min(longestMs, Math.max(0, Math.ceil(ms)));
    timers.set(
      id,
      clock.after(wait, () => void fire(id)),
    );
  };

  const arm = ({ id, doc }: StoredJob): void => {
    const due = dueAt(doc);
    if (due === null) disarm(id);
    else set(id, due - clock.now());
  };

  const fire = async (id: string): Promise<void> => {
    timers.delete(id);
    try {
      const job = await store.collection.get(id);
      if (job !== null) await act(job);
    } catch (error) {
      if (errorCode(error) === 'not-found') return;
      logger.warn({ jobId: id, err: error }, 'a deadline waits for the store');
      set(id, retryMs);
    }
  };

  const act = async (job: StoredJob): Promise<void> => {
    const { id, doc } = job;
    const due = dueAt(doc);
    if (due === null || due > clock.now()) return arm(job);
    if (isOver(doc)) return deleteJob.delete(id, system);
    if (!isDeadlineExceeded(doc, clock.now())) return;
    await endJob(id, { reason: 'DeadlineExceeded', message: deadlineMessage(doc), by: system });
  };

  store.onSaved((id, job) => {
    if (job === null) disarm(id);
    else arm(job);
  });

  return {
    arm,
    stop() {
      stopped = true;
      for (const id of [...timers.keys()]) disarm(id);
    },
  };
};

/** Milliseconds since 1970 at which something is to be done with the job. */
const dueAt = (job: JobDocument): number | null => {
  if (isOver(job)) return job.expiresAt === null ? null : Date.parse(job.expiresAt);
  return deadlineAt(job);
};

const deadlineMessage = ({ spec: { activeDeadlineSeconds, maxTotalSeconds } }: JobDocument): string => {
  const limits = [
    ...(activeDeadlineSeconds === undefined ? [] : [`activeDeadlineSeconds: ${activeDeadlineSeconds}`]),
    ...(maxTotalSeconds === undefined ? [] : [`maxTotalSeconds: ${maxTotalSeconds}`]),
  ];
  return `the job ran longer than it may (${limits.join(', ')})`;
};
