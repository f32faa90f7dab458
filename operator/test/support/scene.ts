import { readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateJob, Job, SimulationJobStatus } from '@simfleet/contracts';
import {
  controlPlaneMissing,
  natsServer,
  postgresMissing,
  recordingLogger,
  runtimeContext,
  startControlPlane,
  startNats,
  startPostgres,
  temporaryDirectory,
  until,
} from '@simfleet/testing';
import type { TestControlPlane, TestNats } from '@simfleet/testing';
import { systemClock } from '@simfleet/runtime';
import { openBus } from '@simfleet/wiring';
import { openClient } from '../../../test/e2e/client.ts';
import type { Client } from '../../../test/e2e/client.ts';
import { startProcess } from '../../../test/e2e/platform.ts';
import type { ServiceProcess } from '../../../test/e2e/platform.ts';
import { operatorParts, startOperator } from '../../src/index.ts';
import type { OperatorOptions } from '../../src/index.ts';
import { startKubelet } from './kubelet.ts';
import type { Kubelet } from './kubelet.ts';

/** Why there can be no scene here, or false. */
export const sceneMissing = (): string | false => {
  const nats = natsServer();
  return controlPlaneMissing() ?? postgresMissing() ?? ('missing' in nats ? nats.missing : false);
};

/** An operator in this process. */
export interface TestOperator {
  readonly url: string;
  readonly log: () => string;
  stop(): Promise<void>;
}

/** A real control plane, a real platform without an executor of its own, a broker between, and pods that are processes of this machine. */
export interface Scene {
  readonly plane: TestControlPlane;
  readonly nats: TestNats;
  readonly platform: ServiceProcess;
  /** Of an administrator of the platform. */
  readonly client: Client;
  readonly kubelet: Kubelet;
  readonly operatorOptions: Partial<OperatorOptions>;
  /** `aheadMs`: how much its clock is ahead of everybody's. */
  startOperator(options?: Partial<OperatorOptions>, aheadMs?: number): Promise<TestOperator>;
  /** A namespace of a customer of its own, both called so; of the standard plan unless another is named. */
  namespace(name: string, plan?: string): Promise<string>;
  /** Applies a SimulationJob; the example's Asian option unless `spec` says otherwise. */
  apply(namespace: string, name: string, spec?: Readonly<Record<string, unknown>>): Promise<void>;
  simjob(namespace: string, name: string): Promise<Resource | null>;
  /** The resource once its status fulfils the condition. */
  status(
    namespace: string,
    name: string,
    what: string,
    holds: (status: SimulationJobStatus) => boolean,
    limitMs?: number,
  ): Promise<Resource>;
  children(namespace: string): Promise<readonly Child[]>;
  pods(namespace: string): Promise<readonly Resource[]>;
}

export interface Resource {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: SimulationJobStatus;
}

export interface Child extends Resource {
  readonly spec: { readonly parallelism: number; readonly completions: number; readonly suspend: boolean };
}

export interface SceneOptions {
  /** Whether there is a kubelet that runs pods; else the test patches them. Default true. */
  readonly kubelet?: boolean;
  readonly audit?: boolean;
  /** Quotas of jobs as they ship; requests are not limited. Default false. */
  readonly quotas?: boolean;
}

const crds = new URL('../../../charts/simfleet/crds', import.meta.url).pathname;

/** It ends with the test, what came last first. */
export const openScene = async (
  test: Pick<TestContext, 'after'>,
  { kubelet: hasKubelet = true, audit = false, quotas = false }: SceneOptions = {},
): Promise<Scene> => {
  const ends: (() => unknown)[] = [];
  const owner = { after: (end: () => unknown): void => void ends.push(end) } as Parameters<typeof startNats>[0];
  test.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const { path } = temporaryDirectory({ after: (end) => void ends.push(end) });
  const [plane, nats, postgres] = await Promise.all([
    startControlPlane(owner, { controllerManager: true, manifests: [crds], audit }),
    startNats(owner, { syncAlways: false }),
    startPostgres(),
  ]);
  owner.after(() => postgres.stop());
  const file = (name: string): string => join(path, name);
  writeFileSync(file('operator-token'), randomBytes(32).toString('base64url'), { mode: 0o600 });
  const platform = await startProcess(
    [
      ...['--target', 'jobs', '--port', '0', '--drain-ms', '0'],
      ...['--admin-token-file', file('admin-token'), '--cursor-key-file', file('cursor-key')],
      ...['--operator-token-file', file('operator-token'), '--container-services'],
    ],
    {
      ...{ SIMFLEET_STORAGE: await postgres.createDatabase(), SIMFLEET_BUS: nats.url },
      ...(quotas ? { SIMFLEET_RATE_LIMITS: 'memory:' } : {}),
    },
  );
  owner.after(() => platform.kill());
  const client = openClient({ url: platform.url, token: readFileSync(file('admin-token'), 'utf8').trim() });
  if (quotas) for (const policy of ofRequests) await changePolicy(client, policy, { enabled: false });
  const namespaces: string[] = [];
  const kubelet = startKubelet(plane, () => (hasKubelet ? namespaces : []));
  owner.after(() => kubelet.stop());
  const operatorOptions: Partial<OperatorOptions> = {
    kubeconfig: plane.kubeconfig,
    apiUrl: platform.url,
    operatorTokenFile: file('operator-token'),
    bus: nats.url,
    host: '127.0.0.1',
    port: 0,
    runnerImage: 'simfleet-runner:test',
  };
  const simjobs = (namespace: string): string => `/apis/simfleet.dev/v1alpha1/namespaces/${namespace}/simulationjobs`;
  const simjob: Scene['simjob'] = async (namespace, name) => {
    const { status, body } = await plane.api.send('GET', `${simjobs(namespace)}/${name}`);
    return status === 404 ? null : (body as Resource);
  };
  const list = async <Item>(path: string): Promise<readonly Item[]> =>
    ((await plane.api.get(path)) as { readonly items: readonly Item[] }).items;

  return {
    ...{ plane, nats, platform, client, kubelet, operatorOptions, simjob },
    async startOperator(given = {}, aheadMs = 0) {
      const started = await startTestOperator({ ...operatorOptions, ...given }, aheadMs);
      owner.after(() => started.stop());
      return started;
    },
    async namespace(name, plan) {
      const customer = { id: name, ...(plan === undefined ? {} : { plan }) };
      const { status } = await client.request('POST', '/v1/customers', customer);
      if (status !== 201) throw new Error(`customer ${name}: ${status}`);
      const metadata = { name, labels: { 'simfleet.dev/customer': name } };
      await plane.api.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
      const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
      await until('the service account', async () => (await plane.api.send('GET', account)).status === 200);
      namespaces.push(name);
      return name;
    },
    async apply(namespace, name, spec = {}) {
      await plane.api.create(simjobs(namespace), {
        apiVersion: 'simfleet.dev/v1alpha1',
        kind: 'SimulationJob',
        metadata: { name },
        spec: { ...example, ...spec },
      });
    },
    async status(namespace, name, what, holds, limitMs = 30_000) {
      let last: Resource | null = null;
      try {
        return await until(
          what,
          async () => {
            await sleep(20);
            last = await simjob(namespace, name);
            return last?.status !== undefined && holds(last.status) ? last : null;
          },
          limitMs,
        );
      } catch (error) {
        throw new Error(`${String(error)}: ${JSON.stringify(last)}`, { cause: error });
      }
    },
    children: (namespace) => list<Child>(`/apis/batch/v1/namespaces/${namespace}/jobs`),
    pods: (namespace) => list<Resource>(`/api/v1/namespaces/${namespace}/pods`),
  };
};

/** Tests ask more often than people. */
const ofRequests = ['job-submission', 'api', 'addresses'];

/** Throws when the platform refuses the change. */
export const changePolicy = async (
  client: Client,
  name: string,
  change: Readonly<Record<string, unknown>>,
): Promise<void> => {
  const { status, body } = await client.request('PATCH', `/v1/rate-limit-policies/${name}`, change);
  if (status !== 200) throw new Error(`policy ${name}: ${status} ${JSON.stringify(body)}`);
};

/** A job of a few hundred milliseconds. */
export const example = {
  serviceRef: { name: 'asian-option' },
  parameters: { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, steps: 252, type: 'call' },
  seed: '42',
  maxPaths: '200000',
  shards: 2,
} as const satisfies CreateJob['spec'] | Readonly<Record<string, unknown>>;

/** Runs for hours unless something ends it. */
export const endless = { maxPaths: '1000000000000' };

export const isOver = ({ state }: Pick<SimulationJobStatus, 'state'> | Job): boolean =>
  state === 'Succeeded' || state === 'Failed' || state === 'Cancelled';

const startTestOperator = async (given: Partial<OperatorOptions>, aheadMs: number): Promise<TestOperator> => {
  const options = operatorParts.operator.parse(given);
  const { logger, entries } = recordingLogger();
  let url = '';
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const runtime = runtimeContext({ logger, clock });
  const running = await startOperator({
    ...{ options, runtime },
    openBus: () => openBus({ url: options.bus, tracing: runtime.tracing }),
    onReady: (address) => (url = address),
  });
  const log = (): string =>
    entries()
      .map((entry) => JSON.stringify(entry))
      .join('\n');
  return { url, log, stop: () => running.stop() };
};
