import { jobSpec, noProgress } from '@simfleet/contracts';
import type { Job, JobSpec } from '@simfleet/contracts';
import { childJob } from '../../src/reconcile/child-job.ts';
import type { PodSettings } from '../../src/reconcile/pod-template.ts';
import type { BatchJob, BatchJobStatus } from '../../src/resources/batch-job.ts';
import type { Pod, PodStatus } from '../../src/resources/pod.ts';
import type { SimulationJob } from '../../src/resources/simulation-job.ts';

export const time = '2026-11-23T12:00:00.000Z';
export const now = Date.parse(time);
export const secondsAgo = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

export const specOf = (members: Readonly<Record<string, unknown>> = {}): JobSpec =>
  jobSpec.parse({ serviceRef: { name: 'asian-option' }, maxPaths: '1000000', shards: 2, ...members });

export const jobOf = ({
  spec,
  ...members
}: Partial<Omit<Job, 'spec'>> & { readonly spec?: Readonly<Record<string, unknown>> } = {}): Job => ({
  id: 'job-1',
  customer: 'acme',
  name: 'asian',
  labels: {},
  origin: 'kubernetes',
  resource: { uid: 'uid-1', namespace: 'acme', name: 'asian' },
  createdBy: 'operator',
  createdAt: secondsAgo(100),
  startedAt: null,
  finishedAt: null,
  generation: 1,
  run: 1,
  spec: specOf(spec),
  service: { name: 'asian-option', version: 1, engine: 'asian-option', kernelHash: 'aa' },
  state: 'Queued',
  stopReason: null,
  message: null,
  waitsFor: null,
  accumulatedSeconds: 0,
  progress: noProgress,
  estimates: [],
  thresholds: [],
  resultDigest: null,
  ...members,
});

export const over = (members: Partial<Job> = {}): Partial<Job> => ({
  ...{ state: 'Succeeded', stopReason: 'Completed', finishedAt: secondsAgo(1), resultDigest: 'ab'.repeat(32) },
  ...members,
});

export const resourceOf = (members: Partial<SimulationJob> = {}): SimulationJob => ({
  apiVersion: 'simfleet.dev/v1alpha1',
  kind: 'SimulationJob',
  metadata: { name: 'asian', namespace: 'acme', uid: 'uid-1', generation: 1 },
  spec: specOf(),
  ...members,
});

export const settings: PodSettings = {
  reportUrl: 'https://simfleet.example',
  runnerImage: 'runner:1',
  imagePullPolicy: 'IfNotPresent',
  imagePullSecrets: [],
  ca: null,
  resources: { requests: { cpu: '500m' } },
};

export const childOf = (job: Job, status?: BatchJobStatus): BatchJob => {
  const child = childJob({ resource: resourceOf(), job, container: null }, settings);
  const metadata = { ...child.metadata, uid: `child-${job.run}`, creationTimestamp: secondsAgo(60) };
  return { ...child, metadata, ...(status === undefined ? {} : { status }) };
};

export const ended = (type: 'Complete' | 'Failed', secondsSince: number): BatchJobStatus => ({
  conditions: [{ type, status: 'True', lastTransitionTime: secondsAgo(secondsSince) }],
});

export const podOf = (index: number, status: PodStatus = {}, spec: Pod['spec'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ name: `asian-1-${index}`, namespace: 'acme', uid: `pod-${index}` },
    labels: { 'simfleet.dev/run': '1' },
    annotations: {
      'batch.kubernetes.io/job-completion-index': String(index),
      'batch.kubernetes.io/job-index-failure-count': '0',
    },
    creationTimestamp: secondsAgo(60),
    ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'asian-1', uid: 'child-1', controller: true }],
  },
  spec,
  status,
});

export const running: PodStatus = {
  phase: 'Running',
  containerStatuses: [{ name: 'shard', state: { running: { startedAt: secondsAgo(50) } } }],
};

export const exited = (exitCode: number, message = ''): PodStatus => ({
  phase: exitCode === 0 ? 'Succeeded' : 'Failed',
  containerStatuses: [{ name: 'shard', state: { terminated: { exitCode, message } } }],
});
