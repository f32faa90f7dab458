import { errorCode } from '@simfleet/contracts';
import type { Job } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import { keyOf } from '../kubernetes/index.ts';
import type { ReconcileResult } from '../kubernetes/index.ts';
import { apiJobId } from '../intake/api-resource.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import { letGo } from './finalizer.ts';
import type { Surroundings } from './surroundings.ts';
import { jobOfResource } from './take-in.ts';

/**
 * A resource that is being deleted. The job of one that people applied is cancelled, and its record and result stay on the platform; that of one that was made for a job of the API is
 * wanted again, unless the job is over or gone. What the operator made for it goes by its owner. Throws `unavailable`: it is held until the platform was told.
 */
export const releaseJob = async (resource: SimulationJob, around: Surroundings): Promise<ReconcileResult> => {
  const apiBorn = apiJobId(resource);
  const key = keyOf(resource.metadata);
  if (apiBorn === null) await cancelled(await jobOfResource(resource, around), around);
  else {
    const job = await around.platform.getJob(apiBorn);
    if (job === null || isOver(job)) around.orders.done(key);
    else around.orders.expect(key, apiBorn);
  }
  const jobId = apiBorn ?? resource.status?.jobId;
  if (jobId !== undefined) {
    around.views.forget(jobId);
    around.teller.forget(jobId);
  }
  around.refusals.delete(resource.metadata.uid ?? '');
  await letGo(around.api, resource);
  return {};
};

const cancelled = async (job: Job | null, { platform }: Surroundings): Promise<void> => {
  if (job === null || isOver(job)) return;
  try {
    await platform.patchJob(job.id, { spec: { cancelled: true } });
  } catch (error) {
    // It ended meanwhile, or its record went: there is nothing to cancel.
    if (errorCode(error) !== 'job-over' && errorCode(error) !== 'not-found') throw error;
  }
};
