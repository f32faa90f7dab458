import { resourceMarks } from '@simfleet/contracts';
import { addFinalizer, removeFinalizer } from '../kubernetes/index.ts';
import type { KubernetesApi } from '../kubernetes/index.ts';
import { applyManager } from '../resources/names.ts';
import { simulationJobs } from '../resources/simulation-job.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';

const held = { finalizer: resourceMarks.jobFinalizer, fieldManager: applyManager };

/** Holds the resource until its job is over, or the platform was told of its end: written before the platform hears of it at all. */
export const hold = (api: KubernetesApi, resource: SimulationJob): Promise<SimulationJob> =>
  addFinalizer(api, simulationJobs, resource, held);

/** Lets the resource go. */
export const letGo = (api: KubernetesApi, resource: SimulationJob): Promise<void> =>
  removeFinalizer(api, simulationJobs, resource, held);
