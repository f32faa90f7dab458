import type { Principal } from '@simfleet/contracts';
import { cancel, isOver, resume, suspend } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import type { Audit } from '../audit/audit.ts';
import type { GivenPlace } from '../quotas/place.ts';
import type { JobQuotas } from '../quotas/quotas.ts';
import { ifItStandsNowhere, withPlace } from '../quotas/with-place.ts';
import type { EndJob } from './end-job.ts';
import { recorded, timeText } from './job-document.ts';
import type { JobDocument, StoredJob } from './job-document.ts';
import { jobChanged } from './job-events.ts';
import type { JobStore } from './job-store.ts';

export interface SteerJobParts {
  readonly store: JobStore;
  readonly endJob: EndJob;
  readonly audit: Audit;
  readonly quotas: Pick<JobQuotas, 'askPlace' | 'settle'>;
  readonly clock: Pick<Clock, 'now'>;
}

type SteerTo = (
  id: string,
  principal: Principal,
  check: ((version: number) => void) | undefined,
  given: GivenPlace | null,
) => Promise<StoredJob>;

/** `check` sees the version of the job before the change and may refuse it. Throws `not-found`, `job-over`. */
export type Steer = (id: string, principal: Principal, check?: (version: number) => void) => Promise<StoredJob>;

export interface SteerJob {
  readonly suspend: Steer;
  readonly resume: Steer;
  readonly cancel: Steer;
}

export const openSteerJob = ({ store, endJob, audit, quotas, clock }: SteerJobParts): SteerJob => {
  const told = async (action: string, principal: Principal, job: StoredJob): Promise<StoredJob> => {
    await audit.write({
      principal,
      customer: job.doc.customer,
      action,
      subject: `jobs/${job.id}`,
      since: job.doc.createdAt,
      version: job.version,
    });
    return job;
  };

  const steer =
    (action: string, decide: (job: JobDocument, now: number) => JobDocument): SteerTo =>
    async (id, by, check, given) => {
      const job = await store.change(
        id,
        (before, version) => {
          const now = clock.now();
          const after = decide(before, now);
          if (after === before) return null;
          const doc = recorded(
            before,
            { ...after, generation: before.generation + 1 },
            {
              ...{ by, now, message: null },
              ...ifItStandsNowhere(before, given),
            },
          );
          return { doc, events: [jobChanged(id, doc, version, timeText(now))] };
        },
        check,
      );
      return told(action, by, job);
    };

  const cancelJob: Steer = async (id, by, check) => {
    const before = await store.need(id);
    check?.(before.version);
    cancel(before.doc, clock.now());
    if (isOver(before.doc)) return before;
    const job = await endJob(id, { reason: 'Cancelled', message: `cancelled by ${by.id}`, by }, check);
    // It may have ended otherwise meanwhile: then it is too late.
    cancel(job.doc, clock.now());
    return told('jobs.cancel', by, job);
  };

  const suspendJob = steer('jobs.suspend', suspend);
  const resumeJob = steer('jobs.resume', resume);
  return {
    suspend: (id, by, check) => suspendJob(id, by, check, null),
    resume: (id, by, check) => withPlace({ store, quotas }, id, (given) => resumeJob(id, by, check, given)),
    cancel: cancelJob,
  };
};
