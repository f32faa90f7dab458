import type { Bus, Unsubscribe } from '@simfleet/bus';
import type { Job, JobChanged } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import { isReason, keyOf } from '../kubernetes/index.ts';
import type { Cache, KubernetesApi, Queue } from '../kubernetes/index.ts';
import type { Platform } from '../platform/client.ts';
import type { JobViews } from '../platform/job-views.ts';
import { applyManager } from '../resources/names.ts';
import { simulationJobs } from '../resources/simulation-job.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import type { CustomerMap } from './customers.ts';
import type { Orders } from './orders.ts';

export interface Intake {
  readonly bus: Pick<Bus, 'consume' | 'answer'>;
  readonly api: KubernetesApi;
  readonly resources: Cache<SimulationJob>;
  readonly customers: CustomerMap;
  readonly platform: Platform;
  readonly views: JobViews;
  readonly orders: Orders;
  readonly queue: Queue;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
  readonly logger: Logger;
}

type Told = Pick<JobChanged, 'jobId' | 'customer' | 'name' | 'deleted' | 'desired' | 'origin' | 'resource'>;

/**
 * Brings what happens to jobs on the platform to the keys of their resources: events as they come, and at the start and then every ten minutes all jobs that are not over, for
 * what was missed. An event is done with once its key is queued: whoever leads next looks at everything again. Answers what ends it.
 */
export const followJobs = async (intake: Intake): Promise<Unsubscribe> => {
  const { bus } = intake;
  const stopping = new AbortController();
  const ends = [
    await bus.consume({
      name: 'operator',
      types: ['dev.simfleet.job.changed.v1'],
      handle: async ({ data, sourceversion }) => changed(intake, data, sourceversion),
    }),
    await bus.answer('operator.patch-resource', (request) => patchResource(intake.api, request)),
  ];
  const resyncing = resyncUntil(intake, stopping.signal);
  return async () => {
    stopping.abort();
    await Promise.all([...ends.map((end) => end()), resyncing]);
  };
};

/** A job changed: its resource is looked at, and made where a job of the API has none. Without a version it is not known that it did. */
const changed = ({ customers, orders, queue, resources, views, logger }: Intake, job: Told, version?: number): void => {
  if (job.origin === 'kubernetes' && job.resource !== undefined && job.resource !== null) {
    // The answer to a write of ours, in hand already.
    if (version !== undefined && views.hasSeen(job.jobId, version)) return;
    if (resources.get(job.resource) !== null) views.invalidate(job.jobId, version);
    return queue.add(keyOf(job.resource));
  }
  const namespace = customers.namespaceOf(job.customer);
  if (namespace === null)
    return logger.debug({ jobId: job.jobId, customer: job.customer }, 'the customer has no namespace here');
  const place = { namespace, name: job.name };
  if (resources.get(place) !== null) views.invalidate(job.jobId, version);
  if (!job.deleted && job.desired !== 'stop') orders.expect(keyOf(place), job.jobId);
  queue.add(keyOf(place));
};

const resyncEveryMs = 600_000;
/** After a resync that the platform did not answer. */
const retryMs = 5_000;

const resyncUntil = async (intake: Intake, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    let pauseMs = resyncEveryMs;
    try {
      await resync(intake, signal);
    } catch (error) {
      pauseMs = retryMs;
      intake.logger.warn({ err: error }, 'the jobs of the platform cannot be listed');
    }
    await intake.clock.sleep(pauseMs, signal);
  }
};

/** Looks at every job of the platform that is not over. */
export const resync = async (intake: Intake, signal?: AbortSignal): Promise<void> => {
  for await (const page of intake.platform.listJobs(['Queued', 'Running', 'Suspended'])) {
    for (const job of page) {
      if (signal?.aborted === true) return;
      changed(intake, { ...job, jobId: job.id, deleted: false, desired: 'run' });
      await cancelOrphan(intake, job);
    }
  }
};

/** The resource of a job is gone without a word, its finalizer taken off by force: the job goes as if it had been deleted in order. */
const cancelOrphan = async ({ api, resources, platform, logger }: Intake, job: Job): Promise<void> => {
  const { resource } = job;
  if (resource === null || resources.get(resource)?.metadata.uid === resource.uid) return;
  // The cache may be behind; a job is cancelled for good.
  if ((await api.get(simulationJobs, resource))?.metadata.uid === resource.uid) return;
  logger.warn({ jobId: job.id, resource }, 'the resource of a job is gone: the job is cancelled');
  await platform.patchJob(job.id, { spec: { cancelled: true } });
};

/** An action on a job that belongs to a resource is an edit of the resource; the job follows when the edit comes back. */
export const patchResource: (
  api: KubernetesApi,
  request: { readonly resource: { uid: string; namespace: string; name: string }; readonly patch: object },
) => Promise<{ accepted: boolean; message: string }> = async (api, { resource, patch }) => {
  const { uid, ...reference } = resource;
  try {
    await api.mergePatch(simulationJobs, reference, { spec: patch }, { fieldManager: applyManager, uid });
    return { accepted: true, message: '' };
  } catch (error) {
    if (isReason(error, 'NotFound') || isReason(error, 'Conflict'))
      return { accepted: false, message: 'the resource is gone' };
    if (isReason(error, 'Invalid') || isReason(error, 'Forbidden'))
      return { accepted: false, message: error.detail.slice(0, 4096) };
    throw error;
  }
};
