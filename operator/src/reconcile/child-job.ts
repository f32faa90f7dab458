import { resourceMarks, shardExit } from '@simfleet/contracts';
import type { Job, ServiceContainer } from '@simfleet/contracts';
import type { OwnerReference } from '../kubernetes/objects.ts';
import { isHeld } from '../platform/held.ts';
import type { BatchJob, BatchJobSpec, PodFailureRule } from '../resources/batch-job.ts';
import { managedBy, managedByLabel, queueLabel, shardContainer } from '../resources/names.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import { childName, tokenName } from './child-name.ts';
import { podTemplate } from './pod-template.ts';
import type { PodSettings } from './pod-template.ts';

/** What a child is made from: resource, job, and the image where the service brings its own. */
export interface ChildOrder {
  readonly resource: SimulationJob;
  readonly job: Job;
  readonly container: ServiceContainer | null;
}

/** Labels of everything that the operator makes for a job. */
export const labelsOf = ({ id, customer, run }: Job): Readonly<Record<string, string>> => ({
  [managedByLabel]: managedBy,
  [resourceMarks.jobId]: id,
  [resourceMarks.customer]: customer,
  [resourceMarks.run]: String(run),
});

export const ownerOf = ({ apiVersion, kind, metadata }: SimulationJob): OwnerReference => ({
  ...{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' },
  ...{ controller: true, blockOwnerDeletion: true },
});

/** A node that goes away, a pod that was asked to leave: no fault of the simulation. The same input is bad on every retry. */
const failureRules: readonly PodFailureRule[] = [
  { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
  { action: 'Ignore', onExitCodes: { containerName: shardContainer, operator: 'In', values: [shardExit.terminated] } },
  { action: 'FailJob', onExitCodes: { containerName: shardContainer, operator: 'In', values: [shardExit.badInput] } },
];

/**
 * The Indexed Job of a run: a pool of workers, all alike. One that exits 0 was told to stop, so the job is over and the others may go: hence the success
 * policy. Deadlines and TTL are not set: the platform counts the first over suspensions, and results outlive pods.
 */
export const childJob = ({ resource, job, container }: ChildOrder, settings: PodSettings): BatchJob => {
  const name = childName(resource.metadata.name, job.run);
  const { spec } = job;
  const labels = labelsOf(job);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      ...namespaceOf(resource),
      labels: { ...labels, ...queue(spec.queueName) },
      ownerReferences: [ownerOf(resource)],
    },
    spec: {
      ...scaleOf(job),
      suspend: spec.queueName !== undefined || isHeld(job),
      completionMode: 'Indexed',
      backoffLimitPerIndex: spec.backoffLimitPerIndex,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: { rules: failureRules },
      successPolicy: { rules: [{ succeededCount: 1 }] },
      template: podTemplate({ jobId: job.id, spec, labels, secret: tokenName(name), container }, settings),
    },
  };
};

/** `completions` of an Indexed Job changes only together with `parallelism`. */
const scaleOf = ({ spec: { shards } }: Job): Pick<BatchJobSpec, 'parallelism' | 'completions'> => ({
  parallelism: shards,
  completions: shards,
});

const queue = (name: string | undefined): Readonly<Record<string, string>> =>
  name === undefined ? {} : { [queueLabel]: name };

const namespaceOf = ({ metadata: { namespace } }: SimulationJob): { readonly namespace?: string } =>
  namespace === undefined ? {} : { namespace };

type AppliedChild = Pick<BatchJob, 'apiVersion' | 'kind' | 'metadata'> & { readonly spec?: Partial<BatchJobSpec> };

/**
 * What a child drifted from, as the server-side apply that mends it; null when nothing did. Labels always; size and suspension only without a queue, whose
 * controller owns them. `uid` keeps the apply from making a child anew.
 */
export const mendedChild = (child: BatchJob, job: Job): AppliedChild | null => {
  const labels = { ...labelsOf(job), ...queue(job.spec.queueName) };
  const wanted = { ...scaleOf(job), suspend: isHeld(job) };
  const { labels: there = {}, name, namespace, uid } = child.metadata;
  const isQueued = job.spec.queueName !== undefined;
  const hasLabels = Object.entries(labels).every(([key, value]) => there[key] === value);
  const fits =
    isQueued ||
    (child.spec.parallelism === wanted.parallelism &&
      child.spec.completions === wanted.completions &&
      (child.spec.suspend ?? false) === wanted.suspend);
  if (hasLabels && fits) return null;
  const metadata = {
    name,
    labels,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
  };
  const applied = { apiVersion: 'batch/v1', kind: 'Job', metadata };
  return isQueued ? applied : { ...applied, spec: wanted };
};
