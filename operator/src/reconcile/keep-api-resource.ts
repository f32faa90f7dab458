import type { Job } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import { revertPatch } from '../intake/api-resource.ts';
import { isReason, keyOf, referenceOf } from '../kubernetes/index.ts';
import { intakeManager } from '../resources/names.ts';
import { simulationJobs } from '../resources/simulation-job.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import { accepted, refusal } from '../status/acceptance.ts';
import type { Surroundings } from './surroundings.ts';
import type { TakenIn } from './take-in.ts';

const retryAfterMs = 3_000;

/**
 * The resource of a job of the API follows the job: edits by hand are reverted, and it goes when the record of the job is gone. 'gone': it was deleted, for good or
 * to be made again.
 */
export const keepApiResource = async (
  resource: SimulationJob,
  jobId: string,
  around: Surroundings,
): Promise<TakenIn | 'gone'> => {
  let job: Job | null;
  try {
    job = await around.views.get(jobId);
  } catch (error) {
    const acceptance = refusal(error);
    if (acceptance === null) throw error;
    return { acceptance, job: null, retryAfterMs };
  }
  if (job === null || !isResourceOf(resource, job)) return removed(resource, around);
  return (await reverted(resource, job, around)) ? { acceptance: accepted, job } : 'gone';
};

/** Somebody may have copied the marks of another resource. */
const isResourceOf = ({ metadata }: SimulationJob, job: Job): boolean =>
  job.origin === 'api' && job.name === metadata.name;

const removed = async ({ metadata }: SimulationJob, { api }: Surroundings): Promise<'gone'> => {
  await api.delete(simulationJobs, referenceOf(keyOf(metadata)), {
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    propagation: 'Background',
  });
  return 'gone';
};

/** False: what was edited cannot be taken back by an edit (bounds only get wider), so the resource was deleted and is made again. */
const reverted = async (resource: SimulationJob, job: Job, around: Surroundings): Promise<boolean> => {
  const patch = revertPatch(resource, job);
  if (patch === null) return true;
  const { uid } = resource.metadata;
  const options = { fieldManager: intakeManager, ...(uid === undefined ? {} : { uid }) };
  try {
    await around.api.mergePatch(simulationJobs, referenceOf(keyOf(resource.metadata)), patch, options);
    return true;
  } catch (error) {
    if (!isReason(error, 'Invalid')) throw error;
    // The one of a job that is over would not come back, and harms nobody.
    if (isOver(job)) return true;
    await removed(resource, around);
    return false;
  }
};
