import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kubernetesApi, type KubernetesApi } from './api-client.ts';
import { clusterAddress, clusterDirectory, clusterPort } from './cluster-place.ts';
import { readCredentials } from './credentials.ts';
import { runKubectl } from './kubectl.ts';

const run = promisify(execFile);

/** A process of the cluster. */
export type ClusterPart =
  'etcd' | 'apiserver' | 'controller-manager' | 'scheduler' | 'containerd' | 'kubelet' | 'kube-proxy' | 'dns';

/** The real cluster of this machine, as `make cluster-up` makes it: control plane, one node, networks of pods and services, and their names. */
export interface TestCluster {
  readonly url: string;
  /** An administrator's, mode 0600. */
  readonly kubeconfig: string;
  readonly caFile: string;
  /** Of the node: what it serves, pods reach, and nobody beside this machine. */
  readonly address: string;
  readonly api: KubernetesApi;
  /** Runs kubectl as administrator and answers its output; `input` is for `-f -`. Rejects with its complaint. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Gives the node the images of an archive, such as `hack/images/build.ts` makes. */
  load(archive: string): Promise<void>;
  /** Runs `ctr` in the namespace of Kubernetes: `['task', 'kill', '--signal', 'SIGKILL', id]`. */
  ctr(args: readonly string[]): Promise<string>;
  /** SIGKILL to a part. */
  kill(part: ClusterPart): Promise<void>;
  /** Starts a part again and waits until it is ready. */
  start(part: ClusterPart): Promise<void>;
}

/** Why no cluster with a node can be brought up here, or null: `test('…', { skip: clusterMissing() ?? false }, …)`. */
export const clusterMissing = (): string | null =>
  process.platform === 'linux' && process.getuid?.() === 0 ? null : 'a real node needs Linux, and root';

const main = join(import.meta.dirname, '../../../../hack/cluster/main.ts');

/** Runs a command of hack/cluster and answers its exit code; what it says is to be seen, since a first start takes minutes. */
const cluster = async (...words: readonly string[]): Promise<number | null> => {
  const child = spawn(process.execPath, [main, '--with', 'node', ...words], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
};

const must = async (...words: readonly string[]): Promise<void> => {
  if ((await cluster(...words)) !== 0) throw new Error(`hack/cluster ${words.join(' ')} has failed`);
};

/**
 * Brings the cluster of this machine up (seconds; minutes the first time) and down after the test. One that is up already is used as it is and
 * stays up. There is one a machine: tests that use it must not run side by side. What a killed test leaves, `make cluster-down` ends.
 */
export const startCluster = async (test: { after(cleanUp: () => Promise<void>): void }): Promise<TestCluster> => {
  if ((await cluster('status')) !== 0) {
    test.after(() => must('down'));
    await must('up');
  }
  const directory = clusterDirectory();
  const { caFile, tokens } = readCredentials(join(directory, 'credentials'));
  const url = `https://${clusterAddress}:${clusterPort}`;
  const kubeconfig = join(directory, 'kubeconfig');
  return {
    url,
    kubeconfig,
    caFile,
    address: clusterAddress,
    api: kubernetesApi(url, caFile, tokens['admin'] ?? ''),
    kubectl: (args, input) => runKubectl(kubeconfig, join(directory, 'kubectl-cache'), args, input),
    load: (archive) => must('load', archive),
    async ctr(args) {
      const socket = join(directory, 'containerd.sock');
      const { stdout } = await run('ctr', ['--address', socket, '--namespace', 'k8s.io', ...args]);
      return stdout;
    },
    kill: (part) => must('kill', part),
    start: (part) => must('start', part),
  };
};
