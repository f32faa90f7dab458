import type { Principal, StopReason } from '@simfleet/contracts';
import { finish, isOver } from '@simfleet/domain';
import type { Engine } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import type { Coordinators } from '../estimate/coordinators.ts';
import { engineOf, recorded, timeText } from './job-document.ts';
import type { JobDocument, StoredJob } from './job-document.ts';
import { jobChanged, thresholdCrossed } from './job-events.ts';
import { isFullAnswer, resultOf } from './job-result.ts';
import type { Findings } from './job-result.ts';
import type { JobChange, JobStore } from './job-store.ts';

export interface EndJobParts {
  readonly store: JobStore;
  readonly coordinators: Coordinators;
  readonly engines: readonly Engine[];
  readonly clock: Pick<Clock, 'now'>;
  readonly platformVersion: string;
}

export interface JobEnd {
  readonly reason: StopReason;
  readonly message: string | null;
  readonly by: Pick<Principal, 'id'>;
}

/**
 * Ends a job with one write: state, reason, result and the order to stop. The first terminal reason wins: a job that is over stays as it is.
 * Throws `not-found`.
 */
export type EndJob = (jobId: string, end: JobEnd, check?: (version: number) => void) => Promise<StoredJob>;

export const system = { id: 'system', kind: 'system', customers: '*' } as const satisfies Principal;

export const openEndJob = ({ store, coordinators, engines, clock, platformVersion }: EndJobParts): EndJob => {
  const ended = (jobId: string, job: JobDocument, version: number, end: JobEnd, findings: Findings): JobChange => {
    const now = clock.now();
    const over = recorded(job, finish(cancelledSpec(job, end), end.reason, now), { ...end, now });
    const crossings = (findings.crossings ?? []).filter(({ mark }) => !job.crossed.includes(mark));
    const doc: JobDocument = {
      ...over,
      result: resultOf(jobId, over, findings, platformVersion),
      blocksReported: findings.fold?.reported ?? 0,
      crossed: [...job.crossed, ...crossings.map(({ mark }) => mark)],
    };
    const time = timeText(now);
    const told = crossings.map(({ threshold }) => thresholdCrossed(jobId, doc, version, threshold, time));
    return { doc, events: [jobChanged(jobId, doc, version, time), ...told] };
  };

  return async (jobId, end, check) => {
    const coordinator = await coordinators.open(jobId);
    const decide = (job: JobDocument, version: number): JobChange | null => {
      if (isOver(job)) return null;
      const holds = coordinator !== null && coordinator.run === job.run;
      // Bounds may have got wider since, or thresholds other ones: then a full answer is none yet, and the next report finds it.
      if (isFullAnswer(end.reason) && coordinator?.holdsFor(job) !== true) return null;
      const found = holds ? { fold: coordinator.fold, crossings: coordinator.crossings() } : { fold: null };
      return ended(jobId, job, version, end, { ...found, engine: engineOf(job, engines) });
    };
    return store.change(jobId, decide, check);
  };
};

/** What a person cancelled stays cancelled. */
const cancelledSpec = (job: JobDocument, { reason }: JobEnd): JobDocument =>
  reason === 'Cancelled' ? { ...job, spec: { ...job.spec, cancelled: true } } : job;
