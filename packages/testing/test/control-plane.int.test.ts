import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { controlPlaneMissing, endPod, runPod, startControlPlane, until } from '@simfleet/testing';
import type { TestControlPlane } from '@simfleet/testing';

const skip = controlPlaneMissing() ?? false;

const configMaps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { is: name } });

test('an API server keeps what it has over a kill, and its port', { skip }, async (t) => {
  const plane = await startControlPlane(t, { audit: true });
  const { gitVersion } = (await plane.api.get('/version')) as { readonly gitVersion: string };
  const pinned = readFileSync(join(import.meta.dirname, '../../../hack/tools/kubernetes/go.mod'), 'utf8');
  assert.match(pinned, new RegExp(`k8s.io/kubernetes ${gitVersion.replaceAll('.', '[.]')}\\b`));
  assert.equal(statSync(plane.kubeconfig).mode & 0o777, 0o600);
  await plane.api.create(configMaps, configMap('kept'));

  await plane.kill();
  await assert.rejects(plane.api.get(configMaps));
  await plane.restart();
  assert.equal(((await plane.api.get(`${configMaps}/kept`)) as { data: { is: string } }).data.is, 'kept');

  plane.pause();
  const later = plane.api.get(`${configMaps}/kept`);
  // Far longer than it takes to answer, so that one that is not paused is found out.
  assert.equal(await Promise.race([later, setTimeout(500, 'silence')]), 'silence');
  plane.resume();
  await later;

  const made = await until('the audit', () =>
    plane.requests().find(({ verb, uri }) => verb === 'create' && uri.startsWith(configMaps)),
  );
  assert.deepEqual(made, { user: 'admin', verb: 'create', uri: configMaps, status: 201 });
});

test('a service account may do what its roles say and nothing else', { skip }, async (t) => {
  const plane = await startControlPlane(t);
  await plane.kubectl(['create', 'serviceaccount', 'reader']);
  await plane.kubectl(['create', 'role', 'reads', '--verb=get', '--resource=configmaps']);
  await plane.kubectl(['create', 'rolebinding', 'reads', '--role=reads', '--serviceaccount=default:reader']);
  const kubeconfig = await plane.serviceAccountKubeconfig('default', 'reader');
  assert.equal(statSync(kubeconfig).mode & 0o777, 0o600);
  const can = (verb: string) => plane.kubectl([`--kubeconfig=${kubeconfig}`, 'auth', 'can-i', verb, 'configmaps']);
  assert.equal((await can('get')).trim(), 'yes');
  await assert.rejects(can('delete'), /no|exit 1/);
});

interface Job {
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly reason?: string }[];
    readonly failedIndexes?: string;
  };
}

const startJob = async (plane: TestControlPlane, name: string): Promise<readonly string[]> => {
  await plane.api.create('/apis/batch/v1/namespaces/default/jobs', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      completionMode: 'Indexed',
      completions: 2,
      parallelism: 2,
      backoffLimitPerIndex: 0,
      successPolicy: { rules: [{ succeededCount: 1 }] },
      podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] },
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'shard', image: 'none.invalid/none' }] } },
    },
  });
  return until(
    'two pods',
    async () => {
      const path = `/api/v1/namespaces/default/pods?labelSelector=job-name%3D${name}`;
      const { items } = (await plane.api.get(path)) as { items: readonly { metadata: { name: string } }[] };
      return items.length === 2 && items.map(({ metadata }) => metadata.name).sort();
    },
    30_000,
  );
};

const reasonOf = (plane: TestControlPlane, name: string, type: string): Promise<string> =>
  until(
    `${name} to be ${type}`,
    async () => {
      const { status } = (await plane.api.get(`/apis/batch/v1/namespaces/default/jobs/${name}`)) as Job;
      return status.conditions?.find((condition) => condition.type === type)?.reason;
    },
    30_000,
  );

test('Jobs move as their pods are patched', { skip }, async (t) => {
  const plane = await startControlPlane(t, { controllerManager: true });
  const [first = '', second = ''] = await startJob(plane, 'ends-well');
  await runPod(plane.api, 'default', first);
  await runPod(plane.api, 'default', second);
  await endPod(plane.api, 'default', second, { exitCode: 0, message: 'done' });
  assert.equal(await reasonOf(plane, 'ends-well', 'Complete'), 'SuccessPolicy');

  const [bad = ''] = await startJob(plane, 'ends-badly');
  await endPod(plane.api, 'default', bad, { exitCode: 42 });
  assert.equal(await reasonOf(plane, 'ends-badly', 'Failed'), 'PodFailurePolicy');
});

test('a control plane ends with the process that started it, also when that is killed', { skip }, async () => {
  const program = `import { startControlPlane } from '@simfleet/testing';
    const plane = await startControlPlane({ after: () => undefined });
    console.log(plane.port + ' ' + plane.directory);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  });
  const ended = once(child, 'exit');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const [port = '', directory = ''] = line.split(' ');
  assert.ok(existsSync(directory));
  child.kill('SIGKILL');
  await ended;
  await until('the directory to be gone', () => !existsSync(directory));
  await assert.rejects(fetch(`http://127.0.0.1:${port}/readyz`), /fetch failed/);
});
