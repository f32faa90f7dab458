import type { Clock, Logger, Metrics } from '@simfleet/runtime';
import type { Kubernetes } from './runtime.ts';

export type * from './api.ts';
export type * from './objects.ts';
export type * from './runtime.ts';
export { KubernetesError, isReason } from './errors.ts';
export { keyOf, ownerKeys, referenceOf } from './keys.ts';
export { changesOf } from './sources.ts';

export interface KubernetesOptions {
  /** Path of a kubeconfig; without it that of the pod's service account, or the user's. */
  readonly kubeconfig?: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** In the `User-Agent` and as the `reportingController` of Events, `simfleet.dev/operator` by default. */
  readonly controllerName?: string;
}

/** Reads the credentials; no request is sent yet. Throws `SimfleetError` with `invalid-request` when the kubeconfig cannot be read. */
export const openKubernetes = (_options: KubernetesOptions): Kubernetes => {
  throw new Error('coming');
};
