import { SimfleetError, containerEngine } from '@simfleet/contracts';
import type { Job, ServiceContainer } from '@simfleet/contracts';
import { isReason } from '../kubernetes/index.ts';
import type { KubernetesObject, ResourceType } from '../kubernetes/index.ts';
import { batchJobs } from '../resources/batch-job.ts';
import type { BatchJob } from '../resources/batch-job.ts';
import { secrets } from '../resources/core.ts';
import { createManager } from '../resources/names.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import { childJob, labelsOf, ownerOf } from './child-job.ts';
import { childName, tokenName } from './child-name.ts';
import { drawToken, readToken, tokenHash, tokenSecret } from './child-token.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Starts the child of the job's run: Secret, then the hash of its token at the platform, then the Job. So a Job that exists has a token that counts, and a
 * crash between any two is mended by doing it again: the Secret is read, not drawn anew. Null: not now, something of an earlier life is in the way or the job ended.
 */
export const startChild = async (resource: SimulationJob, job: Job, around: Surroundings): Promise<BatchJob | null> => {
  const container = await containerOf(job, around);
  const token = await ensureToken(resource, job, around);
  if (token === null || !(await isRegistered(job, token, around))) return null;
  const child = childJob({ resource, job, container }, around.settings);
  try {
    return await around.api.create(batchJobs, child, { fieldManager: createManager });
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    return existing(batchJobs, child.metadata, resource, around);
  }
};

/** The Secret of a run is there with a token that the platform knows, whatever became of the one before. False: not now. */
export const ensureRegisteredToken = async (
  resource: SimulationJob,
  job: Job,
  around: Surroundings,
): Promise<boolean> => {
  const token = await ensureToken(resource, job, around);
  return token !== null && isRegistered(job, token, around);
};

const isRegistered = async ({ id }: Job, token: string, { bus, views }: Surroundings): Promise<boolean> => {
  const { accepted } = await bus.request('jobs.register-token', { jobId: id, sha256: tokenHash(token) });
  // The job is over, or gone: a look at it tells.
  if (!accepted) views.invalidate(id);
  return accepted;
};

const ensureToken = async (resource: SimulationJob, job: Job, around: Surroundings): Promise<string | null> => {
  const token = drawToken();
  const { namespace } = resource.metadata;
  const metadata = {
    name: tokenName(childName(resource.metadata.name, job.run)),
    ...(namespace === undefined ? {} : { namespace }),
    labels: labelsOf(job),
    ownerReferences: [ownerOf(resource)],
  };
  try {
    await around.api.create(secrets, tokenSecret(metadata, token, around.settings.ca), { fieldManager: createManager });
    return token;
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
  }
  const secret = await existing(secrets, metadata, resource, around);
  const there = secret === null ? null : readToken(secret);
  // Somebody emptied it: a fresh one in the next round.
  if (secret !== null && there === null) await around.api.delete(secrets, metadata, uidOf(secret));
  return there;
};

/** What has the name already, if it belongs to the resource; what is left of an earlier resource of that name is removed. */
const existing = async <Object extends KubernetesObject>(
  type: ResourceType<Object>,
  { name, namespace }: KubernetesObject['metadata'],
  resource: SimulationJob,
  { api }: Surroundings,
): Promise<Object | null> => {
  const reference = { name, ...(namespace === undefined ? {} : { namespace }) };
  const there = await api.get(type, reference);
  if (there === null || there.metadata.deletionTimestamp !== undefined) return null;
  if (there.metadata.ownerReferences?.some(({ uid }) => uid === resource.metadata.uid) === true) return there;
  const owner = there.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.kind !== resource.kind || owner.name !== resource.metadata.name)
    throw new SimfleetError(
      'already-exists',
      `${type.kind} ${name} is in the way, and does not belong to ${resource.kind} ${resource.metadata.name}`,
    );
  await api.delete(type, reference, { ...uidOf(there), propagation: 'Background' });
  return null;
};

const uidOf = ({ metadata: { uid } }: KubernetesObject): { readonly uid?: string } =>
  uid === undefined ? {} : { uid };

/** The image of the job's service; null for the built-in engines. Versions of a service never change. */
const containerOf = async ({ service }: Job, { platform }: Surroundings): Promise<ServiceContainer | null> => {
  if (service.engine !== containerEngine) return null;
  const found = await platform.getService(service.name, service.version);
  if (found?.spec.container === undefined)
    throw new SimfleetError('not-found', `service ${service.name} version ${service.version} has no container`);
  return found.spec.container;
};
