import { resourceMarks } from '@simfleet/contracts';
import { managedBy, managedByLabel, applyManager } from '../resources/names.ts';
import { simulationJobs } from '../resources/simulation-job.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import type { KubernetesApi } from '../kubernetes/index.ts';

const { jobFinalizer } = resourceMarks;

/** Holds the resource until the platform was told of its end: written before the platform hears of it at all. */
export const hold = async (api: KubernetesApi, resource: SimulationJob): Promise<SimulationJob> => {
  const { finalizers = [], labels = {} } = resource.metadata;
  if (finalizers.includes(jobFinalizer)) return resource;
  const isLabelled = labels[managedByLabel] !== undefined;
  return patchMetadata(api, resource, {
    finalizers: [...finalizers, jobFinalizer],
    ...(isLabelled ? {} : { labels: { [managedByLabel]: managedBy } }),
  });
};

/** Lets the resource go. Nothing when it is gone, or was never held. */
export const letGo = async (api: KubernetesApi, resource: SimulationJob): Promise<void> => {
  const { finalizers = [] } = resource.metadata;
  if (!finalizers.includes(jobFinalizer)) return;
  await patchMetadata(api, resource, { finalizers: finalizers.filter((each) => each !== jobFinalizer) });
};

/** The list is written whole, so only over the very version that was read. Throws `Conflict`: the round begins again from a fresh read. */
const patchMetadata = (
  api: KubernetesApi,
  { metadata: { name, namespace, uid, resourceVersion } }: SimulationJob,
  metadata: Readonly<Record<string, unknown>>,
): Promise<SimulationJob> =>
  api.mergePatch(
    simulationJobs,
    { name, ...(namespace === undefined ? {} : { namespace }) },
    { metadata },
    {
      fieldManager: applyManager,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  );
