import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { createMetrics, systemClock } from '@simfleet/runtime';
import type { Clock, Logger, Metrics } from '@simfleet/runtime';
import { silentLogger } from '@simfleet/testing';
import { openKubernetes } from '../../src/kubernetes/index.ts';
import type { Kubernetes, KubernetesObject, ResourceType } from '../../src/kubernetes/index.ts';

export interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** What the tests work with: a type that no other controller touches. */
export const configMaps: ResourceType<ConfigMap> = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

export const configMap = (name: string, data: Readonly<Record<string, string>> = {}, labels = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', labels },
  data,
});

export interface OpenOptions {
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
}

/** Our runtime on a cluster; stopped with the test. */
export const open = (test: TestContext, kubeconfig: string, options: OpenOptions = {}): Kubernetes => {
  const kubernetes = openKubernetes({
    kubeconfig,
    clock: systemClock,
    logger: silentLogger(),
    metrics: createMetrics(),
    controllerName: 'simfleet.dev/test',
    instance: `test-${randomBytes(4).toString('hex')}`,
    ...options,
  });
  test.after(() => kubernetes.stop());
  return kubernetes;
};
