import type { Job } from '@simfleet/contracts';
import { secrets } from '../resources/core.ts';
import type { Pod } from '../resources/pod.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import { childName, tokenName } from './child-name.ts';
import { ensureRegisteredToken } from './start-child.ts';
import type { Surroundings } from './surroundings.ts';

/** A node mounts a Secret and starts a container within seconds, unless it has the image to pull. */
const patienceMs = 20_000;

/**
 * A Secret that was deleted by hand comes back. No Secret is watched (the operator may not list them), so it is looked at only when a pod on a node does not
 * get as far as its container.
 */
export const mendToken = async (
  resource: SimulationJob,
  job: Job,
  pods: readonly Pod[],
  around: Surroundings,
): Promise<void> => {
  if (!pods.some((pod) => isStuck(pod, around.clock.now()))) return;
  const { namespace } = resource.metadata;
  const name = tokenName(childName(resource.metadata.name, job.run));
  const secret = await around.api.get(secrets, { name, ...(namespace === undefined ? {} : { namespace }) });
  if (secret === null) await ensureRegisteredToken(resource, job, around);
};

const isStuck = ({ metadata, spec, status }: Pod, now: number): boolean =>
  spec?.nodeName !== undefined &&
  status?.phase === 'Pending' &&
  (status.containerStatuses?.[0]?.state?.waiting?.reason ?? 'ContainerCreating') === 'ContainerCreating' &&
  now - Date.parse(metadata.creationTimestamp ?? '') > patienceMs;
