import type { JobSpec, JobState, StopReason } from '@simfleet/contracts';

/**
 * What the lifecycle decides over. Records that hold more pass through unchanged: each transition returns the same record with these members
 * replaced, or the very same object when nothing changes. Times are milliseconds since 1970.
 */
export interface JobFacts {
  readonly state: JobState;
  readonly stopReason: StopReason | null;
  readonly spec: JobSpec;
  /** First start ever; null before. */
  readonly startedAt: number | null;
  /** Start of the current stretch of running: the first shard after creation, resumption or extension; null while none runs. */
  readonly runningSince: number | null;
  /** Seconds of running in earlier stretches. */
  readonly accumulatedSeconds: number;
  readonly finishedAt: number | null;
}

/** Terminal: only an extension leads out of it. */
export const isOver = ({ state }: Pick<JobFacts, 'state'>): boolean =>
  state === 'Succeeded' || state === 'Failed' || state === 'Cancelled';

/** Seconds of running up to `now`, the current stretch included. */
export const runningSeconds = (
  { runningSince, accumulatedSeconds }: Pick<JobFacts, 'runningSince' | 'accumulatedSeconds'>,
  now: number,
): number => accumulatedSeconds + (runningSince === null ? 0 : Math.max(0, now - runningSince) / 1000);
