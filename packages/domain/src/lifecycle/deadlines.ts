import { isOver } from './job-facts.ts';
import type { JobFacts } from './job-facts.ts';

/**
 * Instant (ms since 1970) at which the job fails with `DeadlineExceeded`; null when none is set or the job does not run: time in the queue
 * and in suspension is free. `activeDeadlineSeconds` counts from the start or the last resume, `maxTotalSeconds` adds up over suspensions.
 */
export const deadlineAt = ({ state, spec, runningSince, accumulatedSeconds }: JobFacts): number | null => {
  if (isOver({ state }) || runningSince === null) return null;
  const { activeDeadlineSeconds, maxTotalSeconds } = spec;
  const deadlines = [
    ...(activeDeadlineSeconds === undefined ? [] : [runningSince + activeDeadlineSeconds * 1000]),
    ...(maxTotalSeconds === undefined ? [] : [runningSince + (maxTotalSeconds - accumulatedSeconds) * 1000]),
  ];
  return deadlines.length === 0 ? null : Math.min(...deadlines);
};

export const isDeadlineExceeded = (job: JobFacts, now: number): boolean => {
  const deadline = deadlineAt(job);
  return deadline !== null && now >= deadline;
};

/** Instant (ms since 1970) from which the record of a finished job may be removed; null = kept. */
export const expiresAt = ({ finishedAt, spec }: Pick<JobFacts, 'finishedAt' | 'spec'>): number | null =>
  finishedAt === null || spec.ttlSecondsAfterFinished === undefined
    ? null
    : finishedAt + spec.ttlSecondsAfterFinished * 1000;
