import { SimfleetError, errorCode, jobSpec } from '@simfleet/contracts';
import type { Job, JobSpec } from '@simfleet/contracts';
import { mistakesOf } from '@simfleet/http';
import { labelsFor } from '../intake/resource-labels.ts';
import { specPatch } from '../intake/spec-patch.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import { accepted, refusal } from '../status/acceptance.ts';
import type { Acceptance } from '../status/acceptance.ts';
import type { Surroundings } from './surroundings.ts';

/** What the platform has of a resource. */
export interface TakenIn {
  readonly acceptance: Acceptance;
  readonly job: Job | null;
  /** The platform should be asked again after this time, in milliseconds. */
  readonly retryAfterMs?: number;
}

const retryAfterMs = 3_000;
/** A full queue empties in minutes. */
const quotaRetryAfterMs = 15_000;

/**
 * Brings a resource that people applied to the platform, and changes of its spec. The platform makes one job of one uid, however often it is asked, so that a
 * crash at any point is mended by asking again.
 */
export const takeIn = async (resource: SimulationJob, around: Surroundings): Promise<TakenIn> => {
  try {
    return await offered(resource, around);
  } catch (error) {
    const acceptance = refusal(error);
    if (acceptance === null) throw error;
    const isTransient = acceptance.status === 'Unknown';
    if (isTransient)
      around.logger.debug({ err: error, resource: resource.metadata.name }, 'the platform does not take the job now');
    return { acceptance, job: null, ...(isTransient ? { retryAfterMs: patience(acceptance) } : {}) };
  }
};

const patience = ({ reason }: Acceptance): number => (reason === 'QuotaExceeded' ? quotaRetryAfterMs : retryAfterMs);

const offered = async (resource: SimulationJob, around: Surroundings): Promise<TakenIn> => {
  const spec = specOf(resource);
  const { jobId } = resource.status ?? {};
  if (jobId === undefined) {
    const claim = around.customers.claim(around.namespaces.get({ name: resource.metadata.namespace ?? '' }));
    if ('status' in claim) return { acceptance: claim, job: null };
    return brought(await created(resource, claim.customer, spec, around), resource, spec, around);
  }
  const job = await around.views.get(jobId);
  if (job !== null) return brought(job, resource, spec, around);
  const acceptance = { status: 'False', reason: 'Deleted', message: 'the record of the job was deleted' } as const;
  return { acceptance, job: null };
};

/** Throws `invalid-request` with the mistakes that need no platform to be found. */
const specOf = ({ spec }: SimulationJob): JobSpec => {
  const parsed = jobSpec.safeParse(spec);
  if (parsed.success) return parsed.data;
  const mistakes = mistakesOf('body', jobSpec, parsed.error.issues);
  throw new SimfleetError('invalid-request', 'the spec has mistakes', { mistakes });
};

const created = async (
  resource: SimulationJob,
  customer: string,
  spec: JobSpec,
  around: Surroundings,
): Promise<Job> => {
  const { name, namespace = '', uid = '' } = resource.metadata;
  try {
    const body = { customer, name, labels: labelsFor(resource), spec, resource: { uid, namespace, name } };
    const job = await around.platform.createJob(body);
    around.views.put(job);
    return job;
  } catch (error) {
    // Made before a crash, from a spec that was edited since; or somebody else's.
    if (!isTaken(error)) throw error;
    const job = await jobOfResource(resource, around);
    if (job === null) throw error;
    around.views.put(job);
    return job;
  }
};

/** The job that was made for the resource, or null: looked for by name where its id was not written down. */
export const jobOfResource = async (
  { metadata, status }: SimulationJob,
  { platform }: Surroundings,
): Promise<Job | null> => {
  if (status?.jobId !== undefined) return platform.getJob(status.jobId);
  const found = await platform.findJobs(metadata.name);
  return found.find(({ resource }) => resource?.uid === metadata.uid) ?? null;
};

const isTaken = (error: unknown): boolean =>
  ['already-exists', 'immutable', 'version-conflict', 'idempotency-conflict'].includes(errorCode(error) ?? '');

/** The job with the spec and labels of the resource: changed where they differ. What was refused is not sent again until the spec changes. */
const brought = async (
  job: Job,
  resource: SimulationJob,
  spec: JobSpec,
  { platform, views, refusals }: Surroundings,
): Promise<TakenIn> => {
  const { uid = '', generation = 0 } = resource.metadata;
  const labels = specPatch(job.labels, labelsFor(resource));
  const change = specPatch(job.spec, spec);
  if (change === null && labels === null) return { acceptance: accepted, job };
  const refused = refusals.get(uid);
  if (refused?.generation === generation) return { acceptance: refusal(refused.error) ?? accepted, job };
  try {
    const changed = await platform.patchJob(job.id, {
      ...(change === null ? {} : { spec: change }),
      ...(labels === null ? {} : { labels }),
    });
    refusals.delete(uid);
    views.put(changed);
    return { acceptance: accepted, job: changed };
  } catch (error) {
    const acceptance = refusal(error);
    if (acceptance === null) throw error;
    if (acceptance.status === 'Unknown') return { acceptance, job, retryAfterMs };
    refusals.set(uid, { generation, error });
    return { acceptance, job };
  }
};
