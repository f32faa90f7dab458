import type { Bus } from '@simfleet/bus';
import type { Clock, Logger } from '@simfleet/runtime';
import type { CustomerMap } from '../intake/customers.ts';
import type { Orders } from '../intake/orders.ts';
import type { Cache, EventRecorder, KubernetesApi } from '../kubernetes/index.ts';
import type { Platform } from '../platform/client.ts';
import type { JobViews } from '../platform/job-views.ts';
import type { BatchJob } from '../resources/batch-job.ts';
import type { Namespace } from '../resources/core.ts';
import type { Pod } from '../resources/pod.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import type { PodSettings } from './pod-template.ts';
import type { RefusedPods } from './refused-pods.ts';
import type { ShardTeller } from './shard-teller.ts';

/** Index of children by the uid of the SimulationJob that controls them, and of pods by that of the child. */
export const byOwner = 'owner';

/** What a round works with. */
export interface Surroundings {
  readonly api: KubernetesApi;
  readonly events: EventRecorder;
  readonly resources: Cache<SimulationJob>;
  /** Indexed `byOwner`. */
  readonly children: Cache<BatchJob>;
  /** Indexed `byOwner`. */
  readonly pods: Cache<Pod>;
  readonly namespaces: Cache<Namespace>;
  readonly customers: CustomerMap;
  readonly platform: Platform;
  readonly views: JobViews;
  readonly orders: Orders;
  readonly teller: ShardTeller;
  readonly refusedPods: RefusedPods;
  readonly refusals: Refusals;
  readonly bus: Pick<Bus, 'request' | 'publish'>;
  readonly settings: PodSettings;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

/** Changes of specs that the platform refused: not sent again until the spec is another one. Keyed by resource uid. */
export type Refusals = Map<string, Refused>;

export interface Refused {
  readonly generation: number;
  readonly error: unknown;
}
