import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startControlPlane, until } from '@simfleet/testing';
import type { AuditedRequest, TestControlPlane } from '@simfleet/testing';
import { endless, openScene, sceneMissing } from '../../operator/test/support/scene.ts';
import { chart, chartMissing, namespace, objectsOf, template } from './helm.ts';
import type { Manifest } from './helm.ts';

const account = 'simfleet-operator';
const user = `system:serviceaccount:${namespace}:${account}`;

/** Service account, roles and bindings of the operator; nothing else of the chart. */
const grant = async (plane: TestControlPlane, args: readonly string[] = []): Promise<readonly Manifest[]> => {
  const manifests = await template([...args, '--show-only', 'templates/operator/rbac.yaml']);
  await plane.kubectl(['create', 'namespace', namespace]);
  await plane.kubectl(['apply', '-f', '-'], manifests);
  return objectsOf(plane, manifests);
};

const service = `
apiVersion: simfleet.dev/v1alpha1
kind: SimulationService
metadata: { name: own }
spec:
  description: Of one's own
  parameters: { type: object }
  container:
    image: registry.example.com/own@sha256:${'0'.repeat(64)}
    blockSize: 100
    metrics: [{ name: price, description: Price }]
`;

/** `verb resource[/subresource][.group]` in a namespace, or `*` for all of them. */
const may = async (plane: TestControlPlane, wish: string, where: string): Promise<boolean> => {
  const [verb = '', target = ''] = wish.split(' ');
  const [, resource, subresource, group = ''] = /^([^./]+)(?:\/([^.]+))?(?:\.(.+))?$/.exec(target) ?? [];
  const resourceAttributes = { verb, resource, subresource, group, namespace: where === '*' ? '' : where };
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes },
  };
  const answer = (await plane.api.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', review)) as {
    readonly status: { readonly allowed: boolean };
  };
  return answer.status.allowed;
};

const ofJobs = [
  ...['get', 'create', 'patch', 'delete'].map((verb) => `${verb} simulationjobs.simfleet.dev`),
  'patch simulationjobs/status.simfleet.dev',
  ...['get', 'create', 'patch', 'delete'].map((verb) => `${verb} jobs.batch`),
  ...['get', 'create', 'delete'].map((verb) => `${verb} secrets`),
];
const ofTheCluster = [
  ...['list namespaces', 'watch namespaces', 'list pods', 'watch pods', 'list jobs.batch', 'watch jobs.batch'],
  ...['list simulationjobs.simfleet.dev', 'watch simulationjobs.simfleet.dev', 'patch simulationservices.simfleet.dev'],
];
const never = [
  ...['list secrets', 'watch secrets', 'patch secrets', 'update secrets', 'get nodes', 'list nodes', 'get configmaps'],
  ...['create pods/exec', 'delete pods', 'patch namespaces', 'delete namespaces', 'create serviceaccounts/token'],
  ...[
    'create deployments.apps',
    'create roles.rbac.authorization.k8s.io',
    'bind clusterroles.rbac.authorization.k8s.io',
  ],
  ...['update customresourcedefinitions.apiextensions.k8s.io', 'impersonate users', 'update jobs/status.batch'],
  'create simulationservices.simfleet.dev',
];

describe('the rights of the operator', { skip: chartMissing(), timeout: 180_000 }, () => {
  test('everywhere unless namespaces are named, and no more than it needs', async (t) => {
    const plane = await startControlPlane(t, { manifests: [`${chart}/crds`] });
    await grant(plane);
    for (const wish of [...ofJobs, ...ofTheCluster]) assert.ok(await may(plane, wish, '*'), wish);
    for (const wish of never) assert.ok(!(await may(plane, wish, '*')), wish);
    assert.ok(await may(plane, 'create leases.coordination.k8s.io', namespace));
    for (const wish of ['create leases.coordination.k8s.io', 'patch leases.coordination.k8s.io'])
      assert.ok(!(await may(plane, wish, 'kube-system')), wish);
  });

  test('named namespaces are all that it writes to', async (t) => {
    const plane = await startControlPlane(t, { manifests: [`${chart}/crds`] });
    await plane.kubectl(['create', 'namespace', 'team-a']);
    await grant(plane, ['--set', 'operator.namespaces={team-a}']);
    for (const wish of ofJobs) {
      assert.ok(await may(plane, wish, 'team-a'), wish);
      for (const elsewhere of ['team-b', 'kube-system', namespace])
        assert.ok(!(await may(plane, wish, elsewhere)), `${wish} in ${elsewhere}`);
    }
    for (const wish of ofTheCluster) assert.ok(await may(plane, wish, '*'), wish);
    for (const wish of never) assert.ok(!(await may(plane, wish, 'team-a')), wish);

    // The namespace that `helm test` makes is one more, for as long as it is there.
    const args = ['--set', 'operator.namespaces={team-a}', '--show-only', 'templates/tests/run-example.yaml'];
    const made = (await objectsOf(plane, await template(args))).filter(({ kind }) => kind !== 'Pod');
    await plane.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: made }));
    for (const wish of ofJobs) assert.ok(await may(plane, wish, 'sim-helm-test'), wish);
    for (const wish of never) assert.ok(!(await may(plane, wish, 'sim-helm-test')), wish);
  });

  const skip = sceneMissing();
  test('they are enough for its work, and each of them is used', { skip }, async (t) => {
    const scene = await openScene(t, { audit: true });
    const roles = await grant(scene.plane);
    const kubeconfig = await scene.plane.serviceAccountKubeconfig(namespace, account);
    const operator = await scene.startOperator({ kubeconfig, leaseNamespace: namespace, leaseName: account });
    const { plane, client } = scene;

    const customer = await scene.namespace('acme');
    await scene.apply(customer, 'applied');
    await scene.status(customer, 'applied', 'the job is over', ({ state }) => state === 'Succeeded', 60_000);
    const spec = { serviceRef: { name: 'prime-sieve' }, parameters: { limit: 1_000_000 }, shards: 1 };
    const made = await client.request('POST', '/v1/jobs', { customer, name: 'of-the-api', spec });
    assert.equal(made.status, 201);
    await scene.status(customer, 'of-the-api', 'the job is over', ({ state }) => state === 'Succeeded', 60_000);
    // What else people do: actions of the API on a resource of the cluster, deletions on either side, services.
    await scene.apply(customer, 'steered', endless);
    const { status: steered } = await scene.status(
      customer,
      'steered',
      'the job runs',
      ({ state }) => state === 'Running',
    );
    const action = (name: string) => client.request('POST', `/v1/jobs/${steered?.jobId ?? ''}:${name}`, {});
    assert.equal((await action('suspend')).status, 200);
    await scene.status(customer, 'steered', 'the job is suspended', ({ state }) => state === 'Suspended', 60_000);
    assert.equal((await action('cancel')).status, 200);
    await scene.status(customer, 'steered', 'the job is cancelled', ({ state }) => state === 'Cancelled', 60_000);
    await plane.kubectl(['apply', '-f', '-'], service);
    await plane.kubectl(['wait', '--for=condition=Accepted', 'simulationservice/own', '--timeout=60s']);
    await client.request('DELETE', `/v1/jobs/${(made.body as { readonly id: string }).id}`);
    await until('its resource is gone', async () => (await scene.simjob(customer, 'of-the-api')) === null);
    await plane.kubectl(['delete', 'simulationjob', 'applied', '--namespace', customer, '--timeout=60s']);
    await operator.stop();

    const asked = await until('the audit of its end', () => {
      const ours = plane.requests().filter((request) => request.user === user);
      return ours.some(({ verb, uri }) => verb === 'patch' && uri.includes('/leases/')) && ours;
    });
    assert.deepEqual(
      asked.filter(({ status }) => status === 403),
      [],
    );
    const used = new Set(asked.map(wishOf));
    const granted = roles.flatMap(({ rules = [] }) => rules.flatMap(wishesOf));
    assert.deepEqual(
      granted.filter((wish) => !used.has(wish) && !rarely.has(wish)),
      [],
    );
    for (const wish of used) assert.ok(granted.includes(wish), `${wish} is granted by others than the chart`);
  });
});

/** What nothing above leads to. */
const rarely = new Set([
  // An event that repeats; a resource that may be gone; a child or a Secret that a replica made which died before it could tell.
  ...[
    'patch events.events.k8s.io',
    'get simulationjobs.simfleet.dev',
    'get jobs.batch',
    'get secrets',
    'delete secrets',
  ],
  // Dry runs, when a child gets no pods.
  'create pods',
  // Asked by the API server itself, where it checks who may block a deletion.
  'update simulationjobs/finalizers.simfleet.dev',
]);

const wishesOf = ({ apiGroups, resources, verbs }: NonNullable<Manifest['rules']>[number]): readonly string[] =>
  apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`)),
  );

/** The right that a request used. */
const wishOf = ({ verb, uri }: AuditedRequest): string => {
  const [, , group, path = ''] = /^\/(api|apis\/([^/]+))\/v[^/]+\/([^?]*)/.exec(uri) ?? [];
  const [resource = '', , subresource] = path.replace(/^namespaces\/[^/]+\/(?=.)/, '').split('/');
  const target = [resource, ...(subresource === undefined ? [] : [subresource])].join('/');
  return `${verb} ${target}${group === undefined ? '' : `.${group}`}`;
};
