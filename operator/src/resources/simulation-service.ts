import { apiVersion, customResources } from '@simfleet/contracts';
import type { SimulationServiceStatus } from '@simfleet/contracts';
import type { KubernetesObject, ResourceType } from '../kubernetes/objects.ts';

/** A catalogue entry as a resource. */
export interface SimulationService extends KubernetesObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: SimulationServiceStatus;
}

export const simulationServices: ResourceType<SimulationService> = {
  apiVersion,
  kind: customResources.SimulationService.kind,
  plural: customResources.SimulationService.plural,
  namespaced: false,
};
