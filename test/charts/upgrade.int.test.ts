import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { endPod, startControlPlane, temporaryDirectory, until } from '@simfleet/testing';
import type { TestControlPlane } from '@simfleet/testing';
import { chart, chartMissing, helm, namespace, release } from './helm.ts';

const skip = chartMissing();

interface Secret {
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
}

const secretsOf = async (plane: TestControlPlane): Promise<Readonly<Record<string, Secret['data']>>> => {
  const { items } = (await plane.api.get(`/api/v1/namespaces/${namespace}/secrets`)) as {
    readonly items: readonly (Secret & { readonly type: string })[];
  };
  const ours = items.filter(({ type }) => !type.startsWith('helm.sh/'));
  return Object.fromEntries(ours.map(({ metadata, data }) => [metadata.name, data]));
};

const text = (base64 = ''): string => Buffer.from(base64, 'base64').toString();

/** The pod of the upgrade hook, as a process with its service account and the files of its ConfigMap. */
const runCrdHook = async (plane: TestControlPlane, directory: string): Promise<string> => {
  const [pod] = await until(
    'the pod of the hook',
    async () => {
      const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=job-name%3Dsimfleet-crds`;
      const { items } = (await plane.api.get(path)) as { readonly items: readonly Secret[] };
      return items.length > 0 && items;
    },
    60_000,
  );
  mkdirSync(directory, { recursive: true });
  const { data } = (await plane.api.get(`/api/v1/namespaces/${namespace}/configmaps/simfleet-crds`)) as Secret;
  for (const [name, content] of Object.entries(data)) writeFileSync(join(directory, name), content);
  const token = await plane.kubectl(['create', 'token', 'simfleet-crds', '--namespace', namespace]);
  writeFileSync(join(directory, 'token'), token);
  await plane
    .kubectl(['config', 'view', '--raw', '-o', 'jsonpath={.clusters[0].cluster.certificate-authority-data}'])
    .then((ca) => writeFileSync(join(directory, 'ca.crt'), Buffer.from(ca, 'base64')));
  const env = {
    SERVICE_ACCOUNT_DIRECTORY: directory,
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(plane.port),
  };
  const { stdout } = await promisify(execFile)(process.execPath, [join(directory, 'apply-crds.mjs'), directory], {
    env,
  });
  await endPod(plane.api, namespace, pod?.metadata.name ?? '', { exitCode: 0 });
  return stdout;
};

test('an upgrade keeps what was drawn, and brings the CRDs up to date first', { skip, timeout: 180_000 }, async (t) => {
  const plane = await startControlPlane(t, { controllerManager: true });
  const { path } = temporaryDirectory(t);
  const where = ['--namespace', namespace];
  const install = (...args: readonly string[]): Promise<string> =>
    helm(['install', release, chart, ...where, '--create-namespace', ...args], plane.kubeconfig);
  const upgrade = async (hook: string, ...args: readonly string[]): Promise<string> => {
    const upgrading = helm(['upgrade', release, chart, ...where, ...args], plane.kubeconfig);
    const [done] = await Promise.all([runCrdHook(plane, join(path, hook)), upgrading]);
    return done;
  };

  const notes = await install();
  assert.match(notes, /kubectl -n sim port-forward service\/simfleet-platform 8080/);
  const first = await secretsOf(plane);
  assert.deepEqual(Object.keys(first), [
    ...['simfleet-admin-token', 'simfleet-authority', 'simfleet-cursor-keys', 'simfleet-database-auth'],
    ...['simfleet-database-url', 'simfleet-nats-auth', 'simfleet-nats-tls', 'simfleet-nats-url'],
    ...['simfleet-operator-token', 'simfleet-platform-tls', 'simfleet-postgresql-tls'],
  ]);
  assert.match(text(first['simfleet-admin-token']?.['token']), /^[A-Za-z0-9_-]{43}$/);
  assert.notEqual(first['simfleet-admin-token']?.['token'], first['simfleet-operator-token']?.['token']);
  assert.match(text(first['simfleet-cursor-keys']?.['keys']), /^1 [A-Za-z0-9_-]{43}\n$/);
  assert.ok(
    text(first['simfleet-database-url']?.['url']).includes(`:${text(first['simfleet-database-auth']?.['password'])}@`),
  );
  assert.ok(text(first['simfleet-nats-auth']?.['auth.conf']).includes(text(first['simfleet-nats-auth']?.['password'])));

  // Somebody has an older CRD: without a column that the chart has, with one that it has not.
  const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/simulationjobs.simfleet.dev';
  const shortNames = async (): Promise<readonly string[]> =>
    ((await plane.api.get(crd)) as { readonly spec: { readonly names: { readonly shortNames: readonly string[] } } })
      .spec.names.shortNames;
  const right = await shortNames();
  await plane.api.patch(crd, { spec: { names: { shortNames: ['old'] } } });
  const done = await upgrade('first');
  assert.match(done, /simulationjobs.simfleet.dev: replaced\nsimulationservices.simfleet.dev: replaced\n/);
  assert.deepEqual(await shortNames(), right);
  assert.deepEqual(await secretsOf(plane), first);
  const left = await plane.kubectl(['get', 'clusterroles,clusterrolebindings', '-o', 'name']);
  assert.doesNotMatch(left, /sim-simfleet-crds/);

  // Another name in the certificate of the API: a new one by the same authority, nothing else.
  await upgrade('second', '--set', 'tls.names={api.example.com}');
  const second = await secretsOf(plane);
  const changed = Object.keys(second).filter((name) => JSON.stringify(second[name]) !== JSON.stringify(first[name]));
  assert.deepEqual(changed, ['simfleet-platform-tls']);
  const authority = new X509Certificate(text(first['simfleet-authority']?.['tls.crt']));
  const certificate = new X509Certificate(text(second['simfleet-platform-tls']?.['tls.crt']));
  assert.ok(certificate.verify(authority.publicKey));
  for (const name of ['api.example.com', 'localhost', 'simfleet-platform.sim.svc'])
    assert.ok(certificate.checkHost(name) !== undefined, name);
  assert.ok(certificate.checkIP('127.0.0.1') !== undefined);

  // Volumes stay when a release goes, so their passwords do.
  await helm(['uninstall', release, ...where], plane.kubeconfig);
  assert.deepEqual(Object.keys(await secretsOf(plane)), ['simfleet-database-auth', 'simfleet-nats-auth']);
  await install();
  const again = await secretsOf(plane);
  for (const name of ['simfleet-database-auth', 'simfleet-nats-auth', 'simfleet-database-url'])
    assert.deepEqual(again[name], first[name]);
  assert.notDeepEqual(again['simfleet-admin-token'], first['simfleet-admin-token']);
});
