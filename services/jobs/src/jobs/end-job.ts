import type { Principal, StopReason } from '@simfleet/contracts';
import { finish, isOver } from '@simfleet/domain';
import type { Engine } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import type { Looks } from '../estimate/looks.ts';
import { engineOf, recorded, timeText } from './job-document.ts';
import type { JobDocument, StoredJob } from './job-document.ts';
import { jobChanged, thresholdCrossed } from './job-events.ts';
import { isFullAnswer, resultOf } from './job-result.ts';
import type { Found } from './job-result.ts';
import type { JobChange, JobStore } from './job-store.ts';

export interface EndJobParts {
  readonly store: JobStore;
  readonly looks: Pick<Looks, 'findings'>;
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
 * Throws `not-found`, and `unavailable` while the process that folds the job does not answer and none has taken over.
 */
export type EndJob = (jobId: string, end: JobEnd, check?: (version: number) => void) => Promise<StoredJob>;

export const system = { id: 'system', kind: 'system', customers: '*' } as const satisfies Principal;

export const openEndJob = ({ store, looks, engines, clock, platformVersion }: EndJobParts): EndJob => {
  const ended = (jobId: string, job: JobDocument, version: number, end: JobEnd, found: Found): JobChange => {
    const now = clock.now();
    const over = recorded(job, finish(cancelledSpec(job, end), end.reason, now), { ...end, now });
    const crossings = (found.look?.crossings ?? []).filter(({ mark }) => !job.crossed.includes(mark));
    const doc: JobDocument = {
      ...over,
      result: resultOf(jobId, over, found, platformVersion),
      blocksReported: found.look?.progress.blocksReported ?? 0,
      crossed: [...job.crossed, ...crossings.map(({ mark }) => mark)],
    };
    const time = timeText(now);
    const told = crossings.map(({ threshold }) => thresholdCrossed(jobId, doc, version, threshold, time));
    return { doc, events: [jobChanged(jobId, doc, version, time), ...told] };
  };

  return async (jobId, end, check) => {
    // Nobody folds a job that is over, nor should begin to.
    const before = await store.need(jobId);
    if (isOver(before.doc)) return store.change(jobId, () => null, check);
    const { look: asked, coordinator } = await looks.findings(jobId);
    const decide = (job: JobDocument, version: number): JobChange | null => {
      if (isOver(job)) return null;
      const look = coordinator?.look() ?? asked;
      const holds = look !== null && look.run === job.run;
      // Bounds may have got wider since, or thresholds other ones: then a full answer is none yet, and the next report finds it.
      if (isFullAnswer(end.reason) && coordinator?.holdsFor(job) !== true) return null;
      const found = holds ? { look, fold: coordinator?.fold ?? null } : { look: null, fold: null };
      return ended(jobId, job, version, end, { ...found, engine: engineOf(job, engines) });
    };
    return store.change(jobId, decide, check);
  };
};

/** What a person cancelled stays cancelled. */
const cancelledSpec = (job: JobDocument, { reason }: JobEnd): JobDocument =>
  reason === 'Cancelled' ? { ...job, spec: { ...job.spec, cancelled: true } } : job;
