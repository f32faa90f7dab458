import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, SimulationJobStatus } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import { changePolicy, endless, example, isOver, openScene, sceneMissing } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

const skip = sceneMissing();

/** One control plane and one operator for the file: each test has a namespace of its own. */
let scene: Scene;

/** So that the machine is free for the others. */
const remove = (namespace: string, name: string): Promise<unknown> => scene.plane.api.remove(simjobs(namespace, name));

const scenarios: { readonly title: string; readonly run: () => Promise<void> }[] = [];
const scenario = (title: string, run: () => Promise<void>): void => void scenarios.push({ title, run });

const simjobs = (namespace: string, name: string): string =>
  `/apis/simfleet.dev/v1alpha1/namespaces/${namespace}/simulationjobs/${name}`;

const conditionOf = (status: SimulationJobStatus | undefined, type: string) =>
  status?.conditions?.find((condition) => condition.type === type);

const says =
  (type: string, reason: string) =>
  (status: SimulationJobStatus): boolean =>
    conditionOf(status, type)?.reason === reason;

const jobNamed = async (customer: string, name: string): Promise<Job> => {
  const { body } = await scene.client.request('GET', `/v1/jobs?customer=${customer}&name=${name}`);
  const [job] = (body as { readonly items: readonly Job[] }).items;
  assert.ok(job);
  return job;
};

scenario('a resource that is applied is a job of its customer, and ends with the digest of any other run', async () => {
  const namespace = await scene.namespace('applied');
  await scene.apply(namespace, 'asian');
  const { status, metadata } = await scene.status(namespace, 'asian', 'the end', isOver);
  const job = await jobNamed(namespace, 'asian');
  assert.equal(job.origin, 'kubernetes');
  assert.deepEqual(job.resource, { uid: metadata.uid, namespace, name: 'asian' });
  assert.equal(status?.jobId, job.id);
  assert.equal(status?.state, 'Succeeded');
  assert.equal(conditionOf(status, 'Succeeded')?.reason, 'Completed');
  const same = await scene.client.create({ customer: namespace, name: 'same', spec: { ...example, shards: 1 } });
  assert.equal((await scene.client.result(same.id)).resultDigest, status?.resultDigest);
});

scenario('a namespace without a customer, and a second one of a customer, say so', async () => {
  const create = (name: string, labels = {}) =>
    scene.plane.api.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  await create('nobody');
  await scene.apply('nobody', 'lost');
  await scene.status('nobody', 'lost', 'no customer', says('Accepted', 'NoCustomer'));
  await scene.namespace('somebody');
  await create('somebody-too', { 'simfleet.dev/customer': 'somebody' });
  await scene.apply('somebody-too', 'second');
  const { status } = await scene.status('somebody-too', 'second', 'a conflict', says('Accepted', 'NamespaceConflict'));
  assert.equal(status?.state, 'Rejected');
  // The label comes later: the resource is taken up.
  const late = await scene.client.request('POST', '/v1/customers', { id: 'late' });
  assert.equal(late.status, 201);
  await scene.plane.api.patch('/api/v1/namespaces/nobody', {
    metadata: { labels: { 'simfleet.dev/customer': 'late' } },
  });
  await scene.status('nobody', 'lost', 'a customer', says('Accepted', 'Accepted'));
});

scenario('what the platform refuses is told with its mistakes', async () => {
  const namespace = await scene.namespace('refused');
  await scene.apply(namespace, 'wrong', { parameters: { ...example.parameters, type: 'straddle' } });
  const { status } = await scene.status(namespace, 'wrong', 'the mistakes', says('Accepted', 'InvalidSpec'));
  assert.match(conditionOf(status, 'Accepted')?.message ?? '', /parameters\/type/);
  await scene.apply(namespace, 'unknown', { serviceRef: { name: 'no-such-service' } });
  await scene.status(namespace, 'unknown', 'a refusal', (now) => conditionOf(now, 'Accepted')?.status === 'False');
  await scene.apply(namespace, 'taken', endless);
  await scene.status(namespace, 'taken', 'its start', says('Running', 'Running'));
  const job = await scene.client.request('POST', '/v1/jobs', { customer: namespace, name: 'taken', spec: example });
  assert.equal(job.status, 409);
  await remove(namespace, 'taken');
});

scenario('a suspended job has no pods, and goes on with its seconds after it is resumed', async () => {
  const namespace = await scene.namespace('suspended');
  await scene.apply(namespace, 'pausing', endless);
  await scene.status(namespace, 'pausing', 'its start', says('Running', 'Running'));
  await scene.plane.api.patch(simjobs(namespace, 'pausing'), { spec: { suspend: true } });
  await scene.status(namespace, 'pausing', 'its suspension', says('Suspended', 'Suspended'));
  await until('no pods', async () => (await scene.pods(namespace)).length === 0, 30_000);
  const { accumulatedSeconds } = await jobNamed(namespace, 'pausing');
  assert.ok(accumulatedSeconds > 0);
  // An action in the API is an edit of the resource.
  const job = await jobNamed(namespace, 'pausing');
  const answer = await scene.client.act(job.id, 'resume');
  assert.ok(answer.status === 200, JSON.stringify(answer.body));
  await scene.status(namespace, 'pausing', 'its resumption', says('Running', 'Running'));
  assert.equal((await scene.simjob(namespace, 'pausing'))?.spec['suspend'], false);
  assert.ok((await jobNamed(namespace, 'pausing')).accumulatedSeconds >= accumulatedSeconds);
  await remove(namespace, 'pausing');
});

scenario('a child that is deleted or changed by hand is mended', async () => {
  const namespace = await scene.namespace('mended');
  await scene.apply(namespace, 'tough', endless);
  await scene.status(namespace, 'tough', 'its start', says('Running', 'Running'));
  const [child] = await scene.children(namespace);
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs/tough-1`;
  await scene.plane.api.patch(path, {
    spec: { parallelism: 1, completions: 1 },
    metadata: { labels: { 'simfleet.dev/run': '7' } },
  });
  await until('the mended child', async () => {
    const [now] = await scene.children(namespace);
    return (
      now?.spec.completions === 2 && now.spec.parallelism === 2 && now.metadata.labels?.['simfleet.dev/run'] === '1'
    );
  });
  await scene.plane.api.remove(`${path}?propagationPolicy=Background`);
  const again = await until('another child', async () =>
    (await scene.children(namespace)).find(({ metadata }) => metadata.uid !== child?.metadata.uid),
  );
  assert.equal(again.metadata.name, 'tough-1');
  // More shards go through the platform and come back to the child.
  await scene.plane.api.patch(simjobs(namespace, 'tough'), { spec: { shards: 3 } });
  await until('three shards', async () => (await scene.children(namespace))[0]?.spec.completions === 3);
  assert.equal((await jobNamed(namespace, 'tough')).spec.shards, 3);
  await remove(namespace, 'tough');
});

scenario('pods that are killed and evicted change nothing of the answer', async () => {
  const namespace = await scene.namespace('killed');
  const spec = { maxPaths: '1200000' };
  await scene.apply(namespace, 'spot', spec);
  await scene.status(namespace, 'spot', 'its start', says('Running', 'Running'));
  const [first, second] = await until('two pods', () => {
    const running = scene.kubelet.running().filter((name) => name.startsWith('spot-1-'));
    return running.length === 2 ? running : null;
  });
  scene.kubelet.kill(first ?? '');
  scene.kubelet.terminate(second ?? '');
  const { status } = await scene.status(namespace, 'spot', 'the end', isOver, 90_000);
  const same = await scene.client.create({ customer: namespace, name: 'same', spec: { ...example, ...spec } });
  assert.equal((await scene.client.result(same.id)).resultDigest, status?.resultDigest);
});

scenario('a wider bound makes a new child, and the digest of a fresh job with it', async () => {
  const namespace = await scene.namespace('extended');
  await scene.apply(namespace, 'longer');
  const { status: before } = await scene.status(namespace, 'longer', 'the first end', isOver);
  await scene.plane.api.patch(simjobs(namespace, 'longer'), { spec: { maxPaths: '300000' } });
  const { status } = await scene.status(namespace, 'longer', 'the second end', (now) => now.run === 2 && isOver(now));
  assert.notEqual(status?.resultDigest, before?.resultDigest);
  assert.deepEqual(
    (await scene.children(namespace)).map(({ metadata }) => metadata.name),
    ['longer-2'],
  );
  const same = await scene.client.create({
    customer: namespace,
    name: 'same',
    spec: { ...example, maxPaths: '300000' },
  });
  assert.equal((await scene.client.result(same.id)).resultDigest, status?.resultDigest);
});

scenario('a refused change of the spec is told, and the job goes on as it was', async () => {
  const namespace = await scene.namespace('unchanged');
  await scene.apply(namespace, 'steady', endless);
  await scene.status(namespace, 'steady', 'its start', says('Running', 'Running'));
  const threshold = { name: 'odd', metric: 'no-such-metric', below: '1' };
  await scene.plane.api.patch(simjobs(namespace, 'steady'), { spec: { thresholds: [threshold] } });
  const { status } = await scene.status(
    namespace,
    'steady',
    'the refusal',
    (now) => conditionOf(now, 'Accepted')?.status === 'False',
  );
  assert.equal(status?.state, 'Running');
  await scene.plane.api.patch(simjobs(namespace, 'steady'), { spec: { thresholds: [] } });
  await scene.status(namespace, 'steady', 'peace', says('Accepted', 'Accepted'));
  await remove(namespace, 'steady');
});

scenario('a deleted resource cancels its job and leaves nothing behind but its record', async () => {
  const namespace = await scene.namespace('deleted');
  await scene.apply(namespace, 'gone', endless);
  await scene.status(namespace, 'gone', 'its start', says('Running', 'Running'));
  await scene.plane.api.remove(simjobs(namespace, 'gone'));
  await until(
    'nothing',
    async () => {
      const [jobs, pods] = [await scene.children(namespace), await scene.pods(namespace)];
      const secrets = (await scene.plane.api.get(`/api/v1/namespaces/${namespace}/secrets`)) as {
        items: readonly unknown[];
      };
      return (
        jobs.length === 0 &&
        pods.length === 0 &&
        secrets.items.length === 0 &&
        (await scene.simjob(namespace, 'gone')) === null
      );
    },
    40_000,
  );
  assert.equal((await jobNamed(namespace, 'gone')).state, 'Cancelled');
});

scenario(
  'a resource goes when its time to live is over, its record and result stay, and no child comes back',
  async () => {
    const namespace = await scene.namespace('brief');
    await scene.apply(namespace, 'short', { ttlSecondsAfterFinished: 1 });
    await until(
      'the end of the resource',
      async () => {
        const job = await scene.client.request('GET', `/v1/jobs?customer=${namespace}&state=Succeeded`);
        const { items } = job.body as { readonly items: readonly Job[] };
        return items.length === 1 && (await scene.simjob(namespace, 'short')) === null;
      },
      30_000,
    );
    await until('no children', async () => (await scene.children(namespace)).length === 0, 30_000);
    const { resultDigest } = await jobNamed(namespace, 'short');
    assert.match(resultDigest ?? '', /^[0-9a-f]{64}$/);

    // One whose child was deleted after the end gets none either.
    await scene.apply(namespace, 'done');
    await scene.status(namespace, 'done', 'the end', isOver);
    await scene.plane.api.remove(`/apis/batch/v1/namespaces/${namespace}/jobs/done-1?propagationPolicy=Background`);
    await until('no children', async () => (await scene.children(namespace)).length === 0, 30_000);
    await scene.plane.api.patch(simjobs(namespace, 'done'), { metadata: { labels: { touched: 'yes' } } });
    await scene.apply(namespace, 'witness');
    await scene.status(namespace, 'witness', 'the end', isOver);
    assert.deepEqual(
      (await scene.children(namespace)).map(({ metadata }) => metadata.name),
      ['witness-1'],
    );
  },
);

scenario(
  'jobs beyond the quotas of their customer wait without pods, come in by themselves, and end as any other',
  async () => {
    const plan = 'narrow';
    for (const policy of ['running-jobs', 'queued-jobs'])
      await changePolicy(scene.client, policy, { plans: { [plan]: { limit: 1 } } });
    const [namespace, roomy] = [await scene.namespace('crowded', plan), await scene.namespace('roomy')];
    await scene.apply(roomy, 'undisturbed');
    await scene.apply(namespace, 'first', endless);
    await scene.status(namespace, 'first', 'its start', says('Running', 'Running'));

    await scene.apply(namespace, 'second');
    const { status: waiting } = await scene.status(namespace, 'second', 'its wait', says('Running', 'WaitingForQuota'));
    assert.equal(conditionOf(waiting, 'Accepted')?.status, 'True');
    assert.equal(conditionOf(waiting, 'Scheduled')?.reason, 'WaitingForQuota');
    for (const type of ['Scheduled', 'Running'])
      assert.equal(conditionOf(waiting, type)?.message, 'waits: the customer runs 1 of 1 jobs');
    await scene.apply(namespace, 'third');
    const { status: refused } = await scene.status(namespace, 'third', 'a refusal', says('Accepted', 'QuotaExceeded'));
    assert.deepEqual([refused?.state, conditionOf(refused, 'Accepted')?.status], ['Pending', 'Unknown']);
    assert.match(conditionOf(refused, 'Accepted')?.message ?? '', /^the customer has 1 of 1 queued jobs/);
    const children = async (): Promise<readonly string[]> =>
      (await scene.children(namespace)).map(({ metadata }) => metadata.name).sort();
    assert.deepEqual(await children(), ['first-1']);

    assert.equal((await scene.client.act((await jobNamed(namespace, 'first')).id, 'cancel')).status, 200);
    const ends = [await scene.status(namespace, 'second', 'its end', isOver)];
    ends.push(await scene.status(namespace, 'third', 'its end', isOver, 60_000));
    ends.push(await scene.status(roomy, 'undisturbed', 'its end', isOver));
    const [second, third, undisturbed] = ends.map(({ status }) => status);
    assert.deepEqual([second?.state, third?.state], ['Succeeded', 'Succeeded']);
    assert.match(undisturbed?.resultDigest ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(
      [second, third].map((each) => each?.resultDigest),
      Array(2).fill(undisturbed?.resultDigest),
    );
    assert.deepEqual(await children(), ['first-1', 'second-1', 'third-1']);
  },
);

scenario('cancelled in the API: the resource says so, one way', async () => {
  const namespace = await scene.namespace('cancelled');
  await scene.apply(namespace, 'halt', endless);
  await scene.status(namespace, 'halt', 'its start', says('Running', 'Running'));
  const { id } = await jobNamed(namespace, 'halt');
  const answer = await scene.client.act(id, 'cancel');
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const { spec, status } = await scene.status(namespace, 'halt', 'the end', isOver);
  assert.equal(spec['cancelled'], true);
  assert.equal(status?.state, 'Cancelled');
  await until('no pods at work', () => scene.kubelet.running().every((name) => !name.startsWith('halt-')), 30_000);
});

test('resources that people apply', { skip, concurrency: 4 }, async (t) => {
  scene = await openScene(t, { quotas: true });
  await scene.startOperator();
  await Promise.all(scenarios.map(({ title, run }) => t.test(title, run)));
});
