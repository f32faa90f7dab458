import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { startGuarded, type GuardedServer } from '../guarded-server.ts';
import { until } from '../until.ts';
import { kubernetesApi, type KubernetesApi } from './api-client.ts';
import { answersOk } from './answers-ok.ts';
import { auditFlags, readAudit, type AuditedRequest } from './audit.ts';
import { apiServerCommand, controllerManagerCommand, etcdCommand, schedulerCommand, serviceNames } from './commands.ts';
import { makeCredentials, writeKubeconfig } from './credentials.ts';
import { runKubectl } from './kubectl.ts';
import { controlPlaneMissing } from './programs.ts';

export interface ControlPlaneOptions {
  /** Whether Jobs move and what owners leave behind is collected. Default false: then nothing makes service accounts either, and pods need none. */
  readonly controllerManager?: boolean;
  /** Default false. There are no nodes: pods stay pending unless a test patches them (`runPod`, `endPod`). */
  readonly scheduler?: boolean;
  /**
   * Files and directories to apply before the controller manager starts. It looks for new kinds every 30 s only: what a resource of such a kind
   * owns would be collected that late.
   */
  readonly manifests?: readonly string[];
  /** Whether `requests` tells what the API server was asked. Default false. */
  readonly audit?: boolean;
  /** Further flags of the API server, without dashes. */
  readonly apiServerFlags?: Readonly<Record<string, string>>;
}

/** A Kubernetes control plane of this test alone: etcd and an API server on loopback, with TLS and RBAC, and what else was asked for. */
export interface TestControlPlane {
  /** `https://127.0.0.1:port`; the same over restarts. */
  readonly url: string;
  readonly port: number;
  /** An administrator's, mode 0600. */
  readonly kubeconfig: string;
  readonly adminToken: string;
  readonly caFile: string;
  /** All its files. */
  readonly directory: string;
  /** Requests as administrator. */
  readonly api: KubernetesApi;
  /** Runs kubectl as administrator and answers its output; `input` is for `-f -`. Rejects with its complaint. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /**
   * Path of a kubeconfig with a fresh token (a day) of a service account that is there, so that a program runs with the rights that RBAC gives it
   * and no others.
   */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
  /** SIGKILL to the API server; the others go on. */
  kill(): Promise<void>;
  /** Starts the API server again on its port and data, after `kill` or in place of the running one; resolves when it is ready. */
  restart(): Promise<void>;
  /** SIGSTOP to the API server: connections stay open and nobody answers. */
  pause(): void;
  resume(): void;
  /** What the API server was asked since it first started, if `audit` was asked for. */
  requests(): readonly AuditedRequest[];
  /** The end of the log of each part, for messages of failed tests. */
  log(): string;
}

/** Jobs, what is left by owners and namespaces, TTLs: nothing here is about nodes. */
const controllers = [
  'job-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'ttl-after-finished-controller',
  'pod-garbage-collector-controller',
  'deployment-controller',
  'replicaset-controller',
];

/** On a loaded machine; alone it takes two seconds. */
const startMs = 90_000;

/**
 * Starts a control plane that goes with the test, also when the test's process is killed. Throws the reason where none can be started: ask
 * `controlPlaneMissing` first and skip.
 */
export const startControlPlane = async (
  test: { after(cleanUp: () => Promise<void>): void },
  options: ControlPlaneOptions = {},
): Promise<TestControlPlane> => {
  const missing = controlPlaneMissing();
  if (missing !== null) throw new Error(missing);
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-kubernetes-'));
  const file = (name: string): string => join(directory, name);
  const parts = new Map<string, GuardedServer>();
  const endOfLog = (part: string): string =>
    readFileSync(file(`${part}.log`), 'utf8')
      .split('\n')
      .slice(-15)
      .join('\n');
  const start = async (part: string, command: readonly string[]): Promise<void> => {
    parts.set(part, await startGuarded(directory, file(`${part}.log`), command));
  };
  const untilReady = (part: string, condition: () => Promise<boolean>): Promise<unknown> =>
    until(
      `${part} to be ready`,
      () => {
        if (parts.get(part)?.alive() === true) return condition();
        throw new Error(`${part} has ended:\n${endOfLog(part)}`);
      },
      startMs,
    );
  test.after(async () => {
    // Each removes the directory: who does it last finds nobody who writes. Told to keep it, they would leave it when this process dies meanwhile.
    await Promise.all([...parts.values()].map((part) => part.kill(true)));
    rmSync(directory, { recursive: true, force: true });
  });

  const [port, etcdPort, peerPort] = [await freePort(), await freePort(), await freePort()];
  const url = `https://127.0.0.1:${port}`;
  await start('etcd', etcdCommand(file('etcd'), etcdPort, peerPort));
  const credentials = await makeCredentials(file('credentials'), {
    serverNames: ['IP:127.0.0.1', ...serviceNames],
    users: { admin: 'system:masters', 'kube-controller-manager': 'system:masters' },
  });
  const tokenOf = (user: string): string => credentials.tokens[user] ?? '';
  const kubeconfigOf = (name: string, token: string): string => {
    writeKubeconfig(file(`${name}.kubeconfig`), url, credentials.caFile, token);
    return file(`${name}.kubeconfig`);
  };
  const adminToken = tokenOf('admin');
  const kubeconfig = kubeconfigOf('admin', adminToken);

  const flags = {
    // The address is a loopback address, which no endpoint may have.
    'endpoint-reconciler-type': 'none',
    ...(options.controllerManager === true ? {} : { 'disable-admission-plugins': 'ServiceAccount' }),
    ...(options.audit === true ? auditFlags(file('audit-policy'), file('audit.log')) : {}),
    ...options.apiServerFlags,
  };
  const startApiServer = async (): Promise<void> => {
    await start('apiserver', apiServerCommand({ address: '127.0.0.1', port, etcdPort, credentials, flags }));
    await untilReady('apiserver', () => answersOk(`${url}/readyz`, adminToken));
  };
  const apiServer = (): GuardedServer => {
    const server = parts.get('apiserver');
    if (server === undefined) throw new Error('the API server has not been started');
    return server;
  };
  const kubectl: TestControlPlane['kubectl'] = (args, input) =>
    runKubectl(kubeconfig, file('kubectl-cache'), args, input);
  await startApiServer();
  const api = kubernetesApi(url, credentials.caFile, adminToken);
  if (options.manifests !== undefined && options.manifests.length > 0) {
    await kubectl(['apply', '--server-side', ...options.manifests.flatMap((path) => ['-f', path])]);
  }

  const system = kubeconfigOf('kube-controller-manager', tokenOf('kube-controller-manager'));
  if (options.controllerManager === true) {
    const managerPort = await freePort();
    const chosen = { controllers: controllers.join(',') };
    await start('controller-manager', controllerManagerCommand(system, managerPort, credentials, chosen));
    await untilReady('controller-manager', () => answersOk(`https://127.0.0.1:${managerPort}/healthz`));
    await until(
      'the default service account',
      async () => {
        const { status } = await api.send('GET', '/api/v1/namespaces/default/serviceaccounts/default');
        return status === 200;
      },
      startMs,
    );
  }
  if (options.scheduler === true) {
    const schedulerPort = await freePort();
    await start('scheduler', schedulerCommand(system, schedulerPort));
    await untilReady('scheduler', () => answersOk(`https://127.0.0.1:${schedulerPort}/healthz`));
  }

  return {
    url,
    port,
    kubeconfig,
    adminToken,
    caFile: credentials.caFile,
    directory,
    api,
    kubectl,
    async serviceAccountKubeconfig(namespace, name) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
      const answer = await api.create(path, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 86_400 },
      });
      return kubeconfigOf(`${namespace}.${name}`, (answer as { status: { token: string } }).status.token);
    },
    kill: () => apiServer().kill(false),
    async restart() {
      await apiServer().kill(false);
      await startApiServer();
    },
    pause: () => apiServer().pause(),
    resume: () => apiServer().resume(),
    requests: () => readAudit(file('audit.log')),
    log: () => [...parts.keys()].map((part) => `${part}:\n${endOfLog(part)}`).join('\n'),
  };
};
