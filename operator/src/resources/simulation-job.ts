import { apiVersion, customResources } from '@simfleet/contracts';
import type { JobSpec, SimulationJobStatus } from '@simfleet/contracts';
import type { KubernetesObject, ResourceType } from '../kubernetes/objects.ts';

/** A job as a resource. `spec` is what somebody wrote: members with defaults may be absent. */
export interface SimulationJob extends KubernetesObject {
  readonly spec: Readonly<Record<string, unknown>> & Partial<JobSpec>;
  readonly status?: SimulationJobStatus;
}

export const simulationJobs: ResourceType<SimulationJob> = {
  apiVersion,
  kind: customResources.SimulationJob.kind,
  plural: customResources.SimulationJob.plural,
  namespaced: true,
};
