import type { KubernetesApi } from './api-client.ts';

/** How a container ended, as a kubelet would report it. */
export interface PodEnd {
  /** 0 succeeds; whatever else fails. */
  readonly exitCode: number;
  /** What the container left in `/dev/termination-log`. */
  readonly message?: string;
  /** The pod was disrupted (eviction, preemption, loss of its node): it gets the condition `DisruptionTarget`. */
  readonly disrupted?: boolean;
}

interface Pod {
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
  readonly status: { readonly startTime?: string };
}

const pathOf = (namespace: string, pod: string): string => `/api/v1/namespaces/${namespace}/pods/${pod}`;

const setStatus = async (
  api: KubernetesApi,
  namespace: string,
  pod: string,
  change: (pod: Pod, now: string) => Readonly<Record<string, unknown>>,
): Promise<void> => {
  const found = (await api.get(pathOf(namespace, pod))) as Pod;
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  await api.patch(`${pathOf(namespace, pod)}/status`, {
    status: { startTime: found.status.startTime ?? now, ...change(found, now) },
  });
};

const containersOf = (pod: Pod, ready: boolean, state: unknown) =>
  pod.spec.containers.map(({ name, image }) => ({
    name,
    image,
    imageID: '',
    ready,
    started: ready,
    restartCount: 0,
    state,
  }));

/** Patches a pod as a kubelet does that has started its containers: what a control plane without nodes needs to go on. */
export const runPod = (api: KubernetesApi, namespace: string, pod: string): Promise<void> =>
  setStatus(api, namespace, pod, (found, now) => ({
    phase: 'Running',
    conditions: ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'True', lastTransitionTime: now })),
    containerStatuses: containersOf(found, true, { running: { startedAt: now } }),
  }));

/** Patches a pod as a kubelet does whose containers have ended, all of them alike. */
export const endPod = (api: KubernetesApi, namespace: string, pod: string, end: PodEnd): Promise<void> =>
  setStatus(api, namespace, pod, (found, now) => {
    const reason = end.exitCode === 0 ? 'Completed' : 'Error';
    const disruption = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' };
    const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'False', reason: 'PodFailed' }));
    return {
      phase: end.exitCode === 0 ? 'Succeeded' : 'Failed',
      conditions: [...conditions, ...(end.disrupted === true ? [disruption] : [])].map((condition) => ({
        ...condition,
        lastTransitionTime: now,
      })),
      containerStatuses: containersOf(found, false, {
        terminated: { exitCode: end.exitCode, reason, startedAt: now, finishedAt: now, message: end.message ?? '' },
      }),
    };
  });
