import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { clusterMissing, startCluster, temporaryDirectory, until } from '@simfleet/testing';
import type { TestCluster } from '@simfleet/testing';

const skip = clusterMissing() ?? false;
const root = join(import.meta.dirname, '../..');
const image = 'docker.io/simfleet/runner:node-test';

const restricted = {
  runAsNonRoot: true,
  runAsUser: 65532,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

const container = (name: string, program: string) => ({
  ...{ name, image, imagePullPolicy: 'Never', securityContext: restricted },
  command: ['node', '-e', program],
});

const web = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          ...container('web', `require('http').createServer((_, answer) => answer.end('hello')).listen(8080)`),
          readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
        },
      ],
    },
  },
];

/** Asks a neighbour by the name of its service, and leaves what it heard where the kubelet looks for it. */
const asks = `const heard = async () => (await fetch('http://web.node-test.svc.cluster.local')).text();
heard().then((text) => require('fs').writeFileSync('/dev/termination-log', text + process.env.JOB_COMPLETION_INDEX));`;

const shards = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'shards' },
  spec: {
    ...{ completionMode: 'Indexed', completions: 4, parallelism: 4, backoffLimitPerIndex: 3 },
    template: {
      spec: { restartPolicy: 'Never', automountServiceAccountToken: false, containers: [container('shard', asks)] },
    },
  },
};

const apply = (cluster: TestCluster, objects: readonly unknown[]): Promise<string> =>
  cluster.kubectl(
    ['apply', '--namespace=node-test', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  );

interface Pods {
  readonly items: readonly {
    readonly status: {
      readonly containerStatuses?: readonly {
        readonly state: { readonly terminated?: { readonly message?: string } };
      }[];
    };
  }[];
}

const heardBy = async (cluster: TestCluster): Promise<readonly string[]> => {
  const pods = (await cluster.api.get('/api/v1/namespaces/node-test/pods?labelSelector=job-name%3Dshards')) as Pods;
  return pods.items.map(({ status }) => status.containerStatuses?.[0]?.state.terminated?.message ?? '').sort();
};

const useNode = async (t: TestContext, cluster: TestCluster): Promise<void> => {
  const archive = join(temporaryDirectory(t).path, 'runner.tar');
  const words = ['--tag', 'node-test', '--image', 'runner', '--out', archive];
  execFileSync(process.execPath, [join(root, 'hack/images/build.ts'), ...words], { stdio: 'ignore' });
  await cluster.load(archive);

  await cluster.kubectl(['create', 'namespace', 'node-test']);
  await cluster.kubectl(['label', 'namespace', 'node-test', 'pod-security.kubernetes.io/enforce=restricted']);
  await until('the service account', async () => {
    const { status } = await cluster.api.send('GET', '/api/v1/namespaces/node-test/serviceaccounts/default');
    return status === 200;
  });
  await apply(cluster, web);
  await cluster.kubectl(['wait', '--namespace=node-test', '--for=condition=Ready', 'pod/web', '--timeout=60s']);

  await cluster.kill('apiserver');
  await assert.rejects(cluster.api.get('/version'));
  await cluster.start('apiserver');

  await apply(cluster, [shards]);
  await cluster.kubectl(['wait', '--namespace=node-test', '--for=condition=Complete', 'job/shards', '--timeout=90s']);
  assert.deepEqual(await heardBy(cluster), ['hello0', 'hello1', 'hello2', 'hello3']);
};

test('an Indexed Job of a locally made image runs on a real node and finds a service by name', { skip }, async (t) => {
  const forwards = (): string => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8');
  const before = forwards();
  await t.test('while the cluster is up', async (inner) => {
    const cluster = await startCluster(inner);
    try {
      await useNode(inner, cluster);
    } finally {
      await cluster.kubectl(['delete', 'namespace', 'node-test', '--ignore-not-found', '--wait=false']);
    }
  });
  if (existsSync('/sys/class/net/simfleet0')) return t.diagnostic('the cluster was up before and stays up');
  await t.test('and nothing of it is left', () => {
    assert.deepEqual(globSync(['/sys/fs/cgroup/kubepods', '/sys/fs/cgroup/*/kubepods']), []);
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), /simfleet\/cluster/);
    assert.equal(forwards(), before);
    execFileSync(process.execPath, [join(root, 'hack/cluster/main.ts'), '--with', 'node', 'down']);
  });
});
