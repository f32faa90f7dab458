import { join } from 'node:path';
import { startControlPlane, until, type TestControlPlane } from '@simfleet/testing';

/** What ends when a measurement does: last in, first out. */
export interface Scope {
  after(cleanUp: () => Promise<void>): void;
}

/** A control plane with our resources, and a namespace for jobs of the customer that every platform has. */
export interface Cluster {
  readonly plane: TestControlPlane;
  /** Of a service account that may do everything; what runs under it is told apart in the audit log. */
  readonly kubeconfig: string;
  readonly user: string;
}

export const namespace = 'bench';
export const simulationJobsPath = `/apis/simfleet.dev/v1alpha1/namespaces/${namespace}/simulationjobs`;
export const childJobsPath = `/apis/batch/v1/namespaces/${namespace}/jobs`;

const crds = join(import.meta.dirname, '../../charts/simfleet/crds');

export interface ClusterOptions {
  readonly controllerManager: boolean;
  readonly audit: boolean;
  /** Whether the API server tells where its time goes. */
  readonly profiling?: boolean;
}

const account = { namespace, name: 'subject' };

export const openCluster = async (
  scope: Scope,
  { profiling = false, ...options }: ClusterOptions,
): Promise<Cluster> => {
  const apiServerFlags = { profiling: String(profiling) };
  const plane = await startControlPlane(scope, { ...options, apiServerFlags, manifests: [crds] });
  const { api } = plane;
  const labels = { 'simfleet.dev/customer': 'default' };
  await api.create('/api/v1/namespaces', { metadata: { name: namespace, labels } });
  await api.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: account });
  await api.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'subject' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  });
  // A kind is there a while before it is served.
  await until('SimulationJobs to be served', async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return (await api.send('GET', `${simulationJobsPath}?limit=1`)).status === 200;
  });
  return {
    plane,
    kubeconfig: await plane.serviceAccountKubeconfig(account.namespace, account.name),
    user: `system:serviceaccount:${account.namespace}:${account.name}`,
  };
};
