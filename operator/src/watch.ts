import { resourceMarks } from '@simfleet/contracts';
import { customerMap, customerOf } from './intake/customers.ts';
import type { CustomerMap } from './intake/customers.ts';
import type { Kubernetes, KubernetesObject, WatchedCache } from './kubernetes/index.ts';
import { byOwner } from './reconcile/surroundings.ts';
import { hasEnded } from './reconcile/plan-children.ts';
import { batchJobs } from './resources/batch-job.ts';
import type { BatchJob } from './resources/batch-job.ts';
import { namespaces } from './resources/core.ts';
import type { Namespace } from './resources/core.ts';
import { managedBy, managedByLabel } from './resources/names.ts';
import { pods } from './resources/pod.ts';
import type { Pod } from './resources/pod.ts';
import { simulationJobs } from './resources/simulation-job.ts';
import type { SimulationJob } from './resources/simulation-job.ts';
import { simulationServices } from './resources/simulation-service.ts';
import type { SimulationService } from './resources/simulation-service.ts';

/** What is watched of the cluster. Secrets are not: nobody needs to read those of others. */
export interface Watched {
  readonly jobs: WatchedCache<SimulationJob>;
  readonly services: WatchedCache<SimulationService>;
  readonly children: WatchedCache<BatchJob>;
  readonly pods: WatchedCache<Pod>;
  readonly namespaces: WatchedCache<Namespace>;
  readonly customers: CustomerMap;
}

const ours = { [managedByLabel]: managedBy };
const byCustomer = 'customer';

export const watchCluster = (kubernetes: Kubernetes): Watched => {
  const namespaceCache = kubernetes.cache(namespaces, {
    indexes: { [byCustomer]: (namespace) => [customerOf(namespace) ?? []].flat() },
  });
  return {
    jobs: kubernetes.cache(simulationJobs, { transform: withoutApplied }),
    services: kubernetes.cache(simulationServices, { transform: withoutApplied }),
    children: kubernetes.cache(batchJobs, { labels: ours, indexes: { [byOwner]: ownersOf }, transform: atRest }),
    pods: kubernetes.cache(pods, { labels: ours, indexes: { [byOwner]: ownersOf }, transform: slim }),
    namespaces: namespaceCache,
    customers: customerMap((customer) => namespaceCache.byIndex(byCustomer, customer)),
  };
};

const ownersOf = ({ metadata }: KubernetesObject): readonly string[] =>
  (metadata.ownerReferences ?? []).filter(({ controller }) => controller === true).map(({ uid }) => uid);

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Without kubectl's copy of the object. */
const withoutApplied = <Object extends KubernetesObject>(object: Object): Object => {
  const { annotations } = object.metadata;
  if (annotations?.[lastApplied] === undefined) return object;
  const { [lastApplied]: _, ...rest } = annotations;
  return { ...object, metadata: { ...object.metadata, annotations: rest } };
};

/** The template of a child that has ended is of no use: thousands of them are. */
const atRest = (child: BatchJob): BatchJob => {
  if (!hasEnded(child)) return child;
  const { template: _, ...spec } = child.spec;
  return { ...child, spec };
};

/** What tells how a shard fares; the rest of a pod is its template. */
const slim = ({ apiVersion, kind, metadata, spec, status }: Pod): Pod => ({
  ...{ apiVersion, kind, metadata: slimMetadata(metadata) },
  ...(spec?.nodeName === undefined ? {} : { spec: { nodeName: spec.nodeName } }),
  ...(status === undefined ? {} : { status }),
});

const keptAnnotations = ['batch.kubernetes.io/job-completion-index', 'batch.kubernetes.io/job-index-failure-count'];
const keptLabels = [managedByLabel, resourceMarks.run];

const slimMetadata = (metadata: Pod['metadata']): Pod['metadata'] => ({
  ...metadata,
  annotations: pick(metadata.annotations, keptAnnotations),
  labels: pick(metadata.labels, keptLabels),
});

const pick = (from: Readonly<Record<string, string>> = {}, keys: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));
