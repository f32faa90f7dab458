import type { DesiredState, ThresholdStatus } from '@simfleet/contracts';
import { desiredState } from '@simfleet/domain';
import type { NewEvent } from '@simfleet/storage';
import { waitsFor } from '../quotas/place.ts';
import type { JobDocument } from './job-document.ts';

const envelope = (jobId: string, job: JobDocument, time: string, mark: string) =>
  ({
    specversion: '1.0',
    id: `${jobId}.${mark}`,
    source: `/jobs/${jobId}`,
    time,
    customer: job.customer,
    datacontenttype: 'application/json',
  }) as const;

/** Executors know no quotas: for them a job that waits for one is suspended. */
const desiredOf = (job: JobDocument): DesiredState => {
  const desired = desiredState(job);
  return desired === 'run' && waitsFor(job) !== null ? 'suspend' : desired;
};

/** What executors obey. `version` is that of the write that carries the event. */
export const jobChanged = (
  jobId: string,
  job: JobDocument,
  version: number,
  time: string,
  deleted = false,
): NewEvent => ({
  ...envelope(jobId, job, time, `${version}`),
  type: 'dev.simfleet.job.changed.v1',
  data: {
    jobId,
    name: job.name,
    customer: job.customer,
    state: job.state,
    stopReason: job.stopReason,
    desired: deleted ? 'stop' : desiredOf(job),
    shards: job.spec.shards,
    backoffLimitPerIndex: job.spec.backoffLimitPerIndex,
    generation: job.run,
    deleted,
    origin: job.origin,
    resource: job.resource ?? null,
    engine: job.service.engine,
  },
});

export const thresholdCrossed = (
  jobId: string,
  job: JobDocument,
  version: number,
  threshold: ThresholdStatus,
  time: string,
): NewEvent => ({
  ...envelope(jobId, job, time, `${version}.${threshold.name}`),
  type: 'dev.simfleet.job.threshold-crossed.v1',
  data: { jobId, name: job.name, customer: job.customer, threshold },
});
