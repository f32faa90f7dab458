import type { Cache, KubernetesApi, Reconcile } from '../../../operator/src/kubernetes/index.ts';
import { isReason, referenceOf } from '../../../operator/src/kubernetes/index.ts';
import type { Condition, KubernetesObject, ResourceType } from '../../../operator/src/kubernetes/index.ts';

export interface SimulationJob extends KubernetesObject {
  readonly spec: { readonly shards?: number };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export interface ChildJob extends KubernetesObject {
  readonly spec: { readonly completions?: number; readonly parallelism?: number } & Readonly<Record<string, unknown>>;
}

export const simulationJobs: ResourceType<SimulationJob> = {
  apiVersion: 'simfleet.dev/v1alpha1',
  kind: 'SimulationJob',
  plural: 'simulationjobs',
  namespaced: true,
};

export const childJobs: ResourceType<ChildJob> = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  plural: 'jobs',
  namespaced: true,
};

const fieldManager = 'simfleet-bench';

/** The same object as `childOf` of `peer/child.go`. */
const childOf = ({ metadata: { namespace = '', name, uid = '' }, apiVersion, kind }: SimulationJob, shards: number) =>
  ({
    apiVersion: childJobs.apiVersion,
    kind: childJobs.kind,
    metadata: {
      name: `${name}-1`,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'bench' },
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      completionMode: 'Indexed',
      completions: shards,
      parallelism: shards,
      backoffLimitPerIndex: 6,
      podReplacementPolicy: 'Failed',
      successPolicy: { rules: [{ succeededCount: 1 }] },
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
        ],
      },
      template: { spec: podSpec },
    },
  }) satisfies ChildJob;

const podSpec = {
  restartPolicy: 'Never',
  automountServiceAccountToken: false,
  terminationGracePeriodSeconds: 20,
  securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'worker',
      image: 'simfleet.invalid/runner:peer',
      env: [{ name: 'SIMFLEET_URL', value: 'http://127.0.0.1' }],
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
      volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
    },
  ],
  volumes: [{ name: 'tmp', emptyDir: {} }],
};

/** What `Reconcile` of `peer/main.go` does, in the same order. */
export const minimalReconcile =
  (api: KubernetesApi, jobs: Cache<SimulationJob>, children: Cache<ChildJob>): Reconcile =>
  async (key) => {
    const job = jobs.get(referenceOf(key));
    if (job === null || job.metadata.deletionTimestamp !== undefined) return;
    const shards = job.spec.shards ?? 1;
    const childReference = { ...referenceOf(key), name: `${job.metadata.name}-1` };
    const child = children.get(childReference);
    if (child === null) {
      await api.create<ChildJob>(childJobs, childOf(job, shards), { fieldManager }).catch((error: unknown) => {
        if (!isReason(error, 'AlreadyExists')) throw error;
      });
    } else if (child.spec.completions !== shards) {
      const patch = { spec: { completions: shards, parallelism: shards } };
      await api.mergePatch(childJobs, childReference, patch, { fieldManager });
    }
    const { generation = 0, resourceVersion = '' } = job.metadata;
    const accepted = job.status?.conditions?.find(({ type }) => type === 'Accepted');
    if (accepted?.observedGeneration === generation) return;
    const condition: Condition = {
      type: 'Accepted',
      status: 'True',
      observedGeneration: generation,
      lastTransitionTime: accepted?.lastTransitionTime ?? new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      reason: 'Accepted',
      message: 'The child has been created',
    };
    await api.mergePatch(
      simulationJobs,
      referenceOf(key),
      { status: { conditions: [condition] } },
      { fieldManager, subresource: 'status', resourceVersion },
    );
  };
