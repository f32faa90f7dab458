import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Bus } from '@simfleet/bus';
import { SimfleetError } from '@simfleet/contracts';
import { createHttpServer } from '@simfleet/http';
import { createReadiness, startModules } from '@simfleet/runtime';
import type { Module, Readiness, RunningModules, RuntimeContext } from '@simfleet/runtime';
import type { OperatorOptions } from './config.ts';
import { openKubernetes } from './kubernetes/index.ts';
import { lead } from './lead.ts';
import { openPlatform } from './platform/client.ts';
import type { PodSettings } from './reconcile/pod-template.ts';
import { watchCluster } from './watch.ts';
import type { Watched } from './watch.ts';

export interface OperatorContext {
  readonly options: OperatorOptions;
  readonly runtime: RuntimeContext;
  readonly openBus: () => Promise<Bus>;
  /** Told the address of health and metrics, once everything has started. */
  readonly onReady: (url: string) => void;
}

/** Starts a replica of the operator. Throws `invalid-configuration`, `port-in-use`, and `unavailable` when the broker does not answer. */
export const startOperator = async ({
  options,
  runtime,
  openBus,
  onReady,
}: OperatorContext): Promise<RunningModules> => {
  const settings = settingsOf(options);
  const bus = await openBus();
  const readiness = createReadiness(runtime.clock);
  let address = '';
  const modules = [
    { name: 'bus', dependsOn: [], start: async () => ({ check: () => bus.check(), stop: () => bus.close() }) },
    { name: 'http', dependsOn: ['bus'], start: serveHealth(options, readiness, (url) => (address = url)) },
    { name: 'operator', dependsOn: ['bus', 'http'], start: startControllers(options, settings, bus) },
  ] satisfies readonly Module[];
  try {
    const running = await startModules({ modules, context: runtime, readiness });
    onReady(address);
    return running;
  } catch (error) {
    await bus.close();
    throw error;
  }
};

const settingsOf = (options: OperatorOptions): PodSettings => {
  const {
    apiUrl,
    reportUrl = apiUrl,
    runnerImage,
    runnerPullPolicy,
    imagePullSecrets,
    shardResources,
    caFile,
  } = options;
  return {
    ...{ reportUrl, runnerImage, imagePullSecrets },
    imagePullPolicy: runnerPullPolicy,
    resources: shardResources,
    ca: caFile === undefined ? null : readCertificate(caFile),
  };
};

const readCertificate = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SimfleetError('invalid-configuration', `--ca-file: ${file} cannot be read`, { cause });
  }
};

/** Whoever reaches the port, Prometheus before all. */
const anybody = { id: 'anybody', kind: 'system', customers: [] } as const;

/** Health and metrics need no credentials, and there is nothing else. */
const serveHealth =
  ({ host, port }: OperatorOptions, readiness: Readiness, listening: (url: string) => void): Module['start'] =>
  async ({ clock, logger, metrics, tracing }) => {
    const server = createHttpServer({
      ...{ routes: [], logger, clock, metrics, tracing, idempotency: null },
      info: { title: 'Simfleet operator', version: '0.1.0', description: 'Health and metrics of the operator.' },
      authorizer: { authenticate: async () => anybody, permits: () => true },
      readiness: () => readiness.check(),
    });
    listening((await server.start({ host, port })).url);
    return { stop: () => server.stop() };
  };

/** Caches of all replicas are warm; one works. */
const startControllers =
  (options: OperatorOptions, settings: PodSettings, bus: Bus): Module['start'] =>
  async ({ clock, logger, metrics }) => {
    const { kubeconfig, apiUrl, operatorTokenFile, leaseNamespace, leaseName, identity, workers } = options;
    const instance = `${identity ?? hostname()}_${randomUUID()}`;
    const kubernetes = openKubernetes({
      ...{ controllerName: 'simfleet.dev/operator', instance, clock, logger, metrics },
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
    });
    const watched = watchCluster(kubernetes);
    const platform = openPlatform({ url: apiUrl, tokenFile: operatorTokenFile });
    const election = kubernetes.leaderElection({
      namespace: leaseNamespace,
      name: leaseName,
      identity: instance,
    });
    const leading = { ...{ kubernetes, watched, platform, bus, settings, workers, clock, logger }, api: election.api };
    const running = election.run((term) => lead(leading, term));
    return {
      check: async () => untilSeen(watched),
      async stop() {
        await election.stop();
        await running;
        await kubernetes.stop();
      },
    };
  };

/** Throws `unavailable` while the operator does not see the cluster. */
const untilSeen = (watched: Watched): void => {
  const { jobs, services, children, pods, namespaces } = watched;
  const caches = { jobs, services, children, pods, namespaces };
  const behind = Object.entries(caches).filter(([, cache]) => !cache.synced);
  if (behind.length > 0)
    throw new SimfleetError('unavailable', `the cluster is not seen: ${behind.map(([name]) => name).join(', ')}`);
};
