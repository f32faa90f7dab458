import type { Job } from '@simfleet/contracts';
import type { Clock } from '@simfleet/runtime';
import type { JobRecord, Platform } from './client.ts';

interface View {
  readonly job: JobRecord | null;
  readonly at: number;
}

/**
 * What the platform said of jobs last. Nothing here is kept: after a restart it is asked again. Only jobs that are at work have a view; those at rest are known
 * by the status of their resources.
 */
export interface JobViews {
  /** After whatever `invalidate` told of, and of at most `maxAgeMs` ago: unless given, as its state needs. Null: there is no such job. */
  get(jobId: string, maxAgeMs?: number): Promise<JobRecord | null>;
  /** What the platform just answered. */
  put(job: JobRecord): void;
  /** Something happened to the job: `version` is what its record came to by that, where that is known. Nothing to ask for when the platform answered that one already. */
  invalidate(jobId: string, version?: number): void;
  /** Whether the platform answered the job as of this version, or a later one. */
  hasSeen(jobId: string, version: number): boolean;
  /** Whether something happened to it that nobody has looked at. */
  isDirty(jobId: string): boolean;
  /** The job is at rest. */
  forget(jobId: string): void;
  clear(): void;
  readonly size: number;
}

/** The figures of a running job are written every ten seconds. What else changes is told by `job.changed`; this is for when that was lost. */
const longestMs = { running: 9_000, other: 300_000 };

const longestAgeOf = (job: Job | null): number =>
  job === null || job.state === 'Running' ? longestMs.running : longestMs.other;

export const openJobViews = (platform: Pick<Platform, 'getJob'>, clock: Pick<Clock, 'monotonic'>): JobViews => {
  const views = new Map<string, View>();
  /** The version that is not seen yet, or infinity. */
  const dirty = new Map<string, number>();
  const seenOf = (jobId: string): number => views.get(jobId)?.job?.version ?? -Infinity;
  const isDirty = (jobId: string): boolean => (dirty.get(jobId) ?? -Infinity) > seenOf(jobId);
  return {
    async get(jobId, maxAgeMs) {
      const known = views.get(jobId);
      const isFresh = known !== undefined && clock.monotonic() - known.at <= (maxAgeMs ?? longestAgeOf(known.job));
      if (isFresh && !isDirty(jobId)) return known.job;
      // Before the question: what happens while it is under way is not in the answer.
      const unseen = dirty.get(jobId);
      dirty.delete(jobId);
      const at = clock.monotonic();
      try {
        const job = await platform.getJob(jobId);
        views.set(jobId, { job, at });
        return job;
      } catch (error) {
        if (unseen !== undefined) dirty.set(jobId, Math.max(unseen, dirty.get(jobId) ?? unseen));
        throw error;
      }
    },
    put(job) {
      views.set(job.id, { job, at: clock.monotonic() });
    },
    invalidate: (jobId, version = Infinity) => void dirty.set(jobId, Math.max(version, dirty.get(jobId) ?? version)),
    hasSeen: (jobId, version) => seenOf(jobId) >= version,
    isDirty,
    forget(jobId) {
      views.delete(jobId);
      dirty.delete(jobId);
    },
    clear() {
      views.clear();
      dirty.clear();
    },
    get size() {
      return views.size;
    },
  };
};
