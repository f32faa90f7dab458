import { mkdirSync } from 'node:fs';
import { kubernetesApi, type KubernetesApi } from '../../packages/testing/src/kubernetes/api-client.ts';
import {
  apiServerCommand,
  controllerManagerCommand,
  etcdCommand,
  schedulerCommand,
  serviceNames,
} from '../../packages/testing/src/kubernetes/commands.ts';
import {
  makeCredentials,
  readCredentials,
  writeKubeconfig,
  type Credentials,
} from '../../packages/testing/src/kubernetes/credentials.ts';
import { answersOk } from '../../packages/testing/src/kubernetes/answers-ok.ts';
import { until } from '../../packages/testing/src/until.ts';
import { containerdCommand, ctr, importPause } from './containers.ts';
import { nodeName, ports, type Layout } from './layout.ts';
import { changeSettings, hasNetwork, makeNetwork } from './machine.ts';
import { dnsCommand, kubeletCommand, nodeUsers, proxyCommand } from './node-parts.ts';
import { buildPrograms, installPackages } from './node-programs.ts';
import { pidOf, startPart, untilReady } from './processes.ts';
import { tearDown } from './tear-down.ts';

/** A process of the cluster: how it starts, and when it is ready. */
interface Part {
  readonly name: string;
  command(): readonly string[];
  ready(): Promise<boolean>;
}

const urlOf = ({ address, port }: Layout): string => `https://${address}:${port}`;

export const apiOf = (layout: Layout): KubernetesApi => {
  const { caFile, tokens } = readCredentials(layout.file('credentials'));
  return kubernetesApi(urlOf(layout), caFile, tokens['admin'] ?? '');
};

const ok = (port: number, path = 'healthz', scheme = 'http'): Promise<boolean> =>
  answersOk(`${scheme}://127.0.0.1:${port}/${path}`);

const controlPlaneParts = (layout: Layout, credentials: Credentials): readonly Part[] => {
  const { address, port, file } = layout;
  const system = file('system.kubeconfig');
  return [
    {
      name: 'etcd',
      command: () => etcdCommand(file('etcd'), ports.etcd, ports.etcdPeer),
      ready: () => ok(ports.etcd, 'health'),
    },
    {
      name: 'apiserver',
      command() {
        const flags = {
          'kubelet-client-certificate': credentials.clientCertificate,
          'kubelet-client-key': credentials.clientKey,
          'kubelet-preferred-address-types': 'InternalIP',
          'enable-admission-plugins': 'NodeRestriction',
          // A loopback address, which no endpoint may have.
          ...(layout.node ? {} : { 'endpoint-reconciler-type': 'none' }),
        };
        return apiServerCommand({ address, port, etcdPort: ports.etcd, credentials, flags });
      },
      ready: () => answersOk(`${urlOf(layout)}/readyz`, credentials.tokens['admin']),
    },
    {
      name: 'controller-manager',
      command: () => controllerManagerCommand(system, ports.controllerManager, credentials),
      ready: () => ok(ports.controllerManager, 'healthz', 'https'),
    },
    {
      name: 'scheduler',
      command: () => schedulerCommand(system, ports.scheduler),
      ready: () => ok(ports.scheduler, 'healthz', 'https'),
    },
  ];
};

const answers = (asked: Promise<unknown>): Promise<boolean> =>
  asked.then(
    () => true,
    () => false,
  );

const nodeParts = (layout: Layout, credentials: Credentials): readonly Part[] => [
  { name: 'containerd', command: () => containerdCommand(layout), ready: () => answers(ctr(layout, 'version')) },
  { name: 'kubelet', command: () => kubeletCommand(layout, credentials), ready: () => ok(ports.kubeletHealth) },
  // It waits for the node to be known.
  { name: 'kube-proxy', command: () => proxyCommand(layout, credentials), ready: () => ok(ports.proxyHealth) },
  { name: 'dns', command: () => dnsCommand(layout, credentials), ready: () => ok(ports.dnsReady, 'ready') },
];

const partsOf = (layout: Layout, credentials: Credentials): readonly Part[] => [
  ...controlPlaneParts(layout, credentials),
  ...(layout.node ? nodeParts(layout, credentials) : []),
];

const startAll = async (layout: Layout, parts: readonly Part[]): Promise<void> => {
  for (const { name, command, ready } of parts) {
    const started = performance.now();
    await startPart(layout, name, command());
    await untilReady(layout, name, ready);
    console.log(`  ${name} is ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
};

interface Node {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const nodeIsReady = async (api: KubernetesApi): Promise<boolean> => {
  const { status, body } = await api.send('GET', `/api/v1/nodes/${nodeName}`);
  return (
    status === 200 &&
    (body as Node).status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
};

const startFresh = async (layout: Layout): Promise<void> => {
  mkdirSync(layout.directory, { recursive: true, mode: 0o700 });
  const credentials = await makeCredentials(layout.file('credentials'), {
    serverNames: ['IP:127.0.0.1', `IP:${layout.address}`, ...serviceNames],
    users: { admin: 'system:masters', 'control-plane': 'system:masters', ...nodeUsers },
  });
  const kubeconfig = (path: string, user: string): void =>
    writeKubeconfig(path, urlOf(layout), credentials.caFile, credentials.tokens[user] ?? '');
  kubeconfig(layout.kubeconfig, 'admin');
  kubeconfig(layout.file('system.kubeconfig'), 'control-plane');
  if (layout.node) {
    changeSettings(layout);
    makeNetwork();
  }
  const [control, node] = [controlPlaneParts(layout, credentials), nodeParts(layout, credentials)];
  await startAll(layout, control);
  const api = apiOf(layout);
  await until(
    'the default service account',
    async () => {
      const { status } = await api.send('GET', '/api/v1/namespaces/default/serviceaccounts/default');
      return status === 200;
    },
    60_000,
  );
  if (!layout.node) return;
  await startAll(layout, node.slice(0, 1));
  await importPause(layout);
  await startAll(layout, node.slice(1));
  await until('the node to be ready', () => nodeIsReady(api), 120_000);
};

/** Whether every part runs and answers. */
export const isUp = async (layout: Layout): Promise<boolean> => {
  try {
    const parts = partsOf(layout, readCredentials(layout.file('credentials')));
    if (parts.some(({ name }) => pidOf(layout, name) === null) || (layout.node && !hasNetwork())) return false;
    return (await Promise.all(parts.map(({ ready }) => ready()))).every(Boolean);
  } catch {
    return false;
  }
};

/** Starts what does not run of a cluster that is there, such as a part that was killed. Throws when there is none. */
export const startParts = async (layout: Layout, names: readonly string[]): Promise<void> => {
  const parts = partsOf(layout, readCredentials(layout.file('credentials')));
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0)
    throw new Error(`there is no ${unknown.join(', ')}; parts: ${parts.map(({ name }) => name).join(', ')}`);
  await startAll(
    layout,
    parts.filter(({ name }) => names.includes(name)),
  );
};

/** Brings the cluster up from nothing, unless it is up. What fails on the way takes everything down again, but for the logs. */
export const bringUp = async (layout: Layout): Promise<void> => {
  if (await isUp(layout)) return;
  installPackages(layout.node);
  await buildPrograms(layout.node);
  await tearDown(layout);
  try {
    await startFresh(layout);
  } catch (error) {
    await tearDown(layout, { keepLogs: true });
    throw error;
  }
};
