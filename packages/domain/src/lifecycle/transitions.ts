import { SimfleetError } from '@simfleet/contracts';
import type { DesiredState, JobSpec, JobState, StopReason } from '@simfleet/contracts';
import { isOver, runningSeconds } from './job-facts.ts';
import type { JobFacts } from './job-facts.ts';

/** What executors are to do with the job. */
export const desiredState = (job: Pick<JobFacts, 'state' | 'spec'>): DesiredState => {
  if (isOver(job) || job.spec.cancelled) return 'stop';
  return job.state === 'Suspended' || job.spec.suspend ? 'suspend' : 'run';
};

/** State of a job that was just created. */
export const initialState = (spec: Pick<JobSpec, 'suspend'>): JobState => (spec.suspend ? 'Suspended' : 'Queued');

/** The first shard runs: Queued → Running. Any other state stays: a late message of a shard neither resumes nor revives a job. */
export const start = <Job extends JobFacts>(job: Job, now: number): Job =>
  job.state === 'Queued' && !job.spec.suspend
    ? { ...job, state: 'Running', startedAt: job.startedAt ?? now, runningSince: now }
    : job;

/** Queued or Running → Suspended; a suspended job stays as it is. Throws `job-over`. */
export const suspend = <Job extends JobFacts>(job: Job, now: number): Job => {
  refuseOver(job, 'suspended');
  if (job.state === 'Suspended' && job.spec.suspend) return job;
  return { ...pause(job, now), state: 'Suspended', spec: { ...job.spec, suspend: true } };
};

/** Running → Queued: the job may not go on for now, and waits until its shards run again. Any other state stays. */
export const requeue = <Job extends JobFacts>(job: Job, now: number): Job =>
  job.state === 'Running' ? { ...pause(job, now), state: 'Queued' } : job;

/** Suspended → Queued, until its shards run again; any other active job stays as it is. Throws `job-over`. */
export const resume = <Job extends JobFacts>(job: Job): Job => {
  refuseOver(job, 'resumed');
  if (job.state !== 'Suspended' && !job.spec.suspend) return job;
  return { ...job, state: job.state === 'Suspended' ? 'Queued' : job.state, spec: { ...job.spec, suspend: false } };
};

/** Any active state → Cancelled, for good; a cancelled job stays as it is. Throws `job-over` after any other end. */
export const cancel = <Job extends JobFacts>(job: Job, now: number): Job => {
  if (job.state === 'Cancelled') return job;
  refuseOver(job, 'cancelled');
  return finish({ ...job, spec: { ...job.spec, cancelled: true } }, 'Cancelled', now);
};

/** Ends the job. The first terminal reason wins: a job that is over stays as it is. */
export const finish = <Job extends JobFacts>(job: Job, stopReason: StopReason, now: number): Job =>
  isOver(job) ? job : { ...pause(job, now), state: finalState(stopReason), stopReason, finishedAt: now };

const finalState = (reason: StopReason): JobState => {
  if (reason === 'PrecisionReached' || reason === 'Completed') return 'Succeeded';
  return reason === 'Cancelled' ? 'Cancelled' : 'Failed';
};

/**
 * Gives the job the wider bounds that `changeSpec` or `extendSpec` allowed. A job that had succeeded queues again — it is judged anew, from
 * the first look — and an active one goes on. Throws `job-over` for a job that failed or was cancelled.
 */
export const extend = <Job extends JobFacts>(job: Job, spec: JobSpec): Job => {
  if (!isOver(job)) return { ...job, spec };
  if (job.state !== 'Succeeded') refuseOver(job, 'extended');
  return { ...job, spec, state: initialState(spec), stopReason: null, finishedAt: null };
};

/** The current stretch of running ends and is added up. */
const pause = <Job extends JobFacts>(job: Job, now: number): Job => ({
  ...job,
  accumulatedSeconds: runningSeconds(job, now),
  runningSince: null,
});

const refuseOver = (job: JobFacts, action: string): void => {
  if (isOver(job))
    throw new SimfleetError(
      'job-over',
      `The job ended ${job.state} (${job.stopReason ?? ''}) and cannot be ${action}.`,
    );
};
