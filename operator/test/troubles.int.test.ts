import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulationJobStatus } from '@simfleet/contracts';
import { endPod, runPod, until } from '@simfleet/testing';
import { endless, example, isOver, openScene, sceneMissing } from './support/scene.ts';

const skip = sceneMissing();

const reasonOf = (status: SimulationJobStatus | undefined, type: string): string | undefined =>
  status?.conditions?.find((condition) => condition.type === type)?.reason;

interface Secret {
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
}

const digest = 'b'.repeat(64);
const image = `registry.example/own@sha256:${digest}`;

test('what goes wrong with pods, and services of one’s own', { skip, concurrency: 4 }, async (t) => {
  const scene = await openScene(t, { kubelet: false });
  const first = await scene.startOperator();
  const { api } = scene.plane;
  const services = '/apis/simfleet.dev/v1alpha1/simulationservices';
  const podNames = async (namespace: string, count: number): Promise<readonly string[]> =>
    until(`${count} pods`, async () => {
      const names = (await scene.pods(namespace)).map(({ metadata }) => metadata.name);
      return names.length === count ? names.sort() : null;
    });

  await Promise.all([
    t.test('a shard that refuses the input fails the job at once', async () => {
      const namespace = await scene.namespace('bad-input');
      await scene.apply(namespace, 'job');
      const [pod = ''] = await podNames(namespace, 2);
      await runPod(api, namespace, pod);
      await scene.status(namespace, 'job', 'its start', ({ state }) => state === 'Running');
      await endPod(api, namespace, pod, { exitCode: 42, message: 'no such strike' });
      const { status } = await scene.status(namespace, 'job', 'the end', isOver);
      assert.equal(status?.stopReason, 'BadInput');
      assert.match(status.conditions?.find(({ type }) => type === 'Failed')?.message ?? '', /no such strike/);
    }),

    t.test('a job whose indexes are all given up fails', async () => {
      const namespace = await scene.namespace('given-up');
      await scene.apply(namespace, 'job', { backoffLimitPerIndex: 0 });
      for (const pod of await podNames(namespace, 2)) {
        await runPod(api, namespace, pod);
        await endPod(api, namespace, pod, { exitCode: 1, message: 'out of memory' });
      }
      const { status } = await scene.status(namespace, 'job', 'the end', isOver);
      assert.equal(status?.stopReason, 'RetriesExhausted');
    }),

    t.test('a quota that is used up is told in the words of the API server', async () => {
      const namespace = await scene.namespace('quota');
      const spec = { hard: { pods: '0' } };
      await api.create(`/api/v1/namespaces/${namespace}/resourcequotas`, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'none' },
        spec,
      });
      const quota = `/api/v1/namespaces/${namespace}/resourcequotas/none`;
      // As the quota controller would, which does not run here.
      await api.patch(`${quota}/status`, { status: { ...spec, used: { pods: '0' } } });
      await scene.apply(namespace, 'job');
      const { status } = await scene.status(
        namespace,
        'job',
        'the refusal',
        (now) => reasonOf(now, 'Scheduled') === 'FailedCreate',
      );
      assert.match(status?.conditions?.find(({ type }) => type === 'Scheduled')?.message ?? '', /exceeded quota/);
      await api.remove(quota);
    }),

    t.test('a pod of a template satisfies restricted Pod Security', async () => {
      const namespace = await scene.namespace('restricted');
      const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
      await api.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels } });
      await scene.apply(namespace, 'job');
      // The Job controller makes them in that very namespace, or nobody does.
      await podNames(namespace, 2);
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const loose = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'loose' },
        spec: { containers: [{ name: 'x', image: 'x' }] },
      };
      assert.equal((await api.send('POST', `${path}?dryRun=All`, loose)).status, 403);
    }),

    t.test('a container service runs its own image; a service in use is not deleted', async () => {
      const namespace = await scene.namespace('own');
      const container = {
        image,
        env: [{ name: 'MODE', value: 'fast' }],
        blockSize: 1000,
        metrics: [{ name: 'price', description: '' }],
      };
      const metadata = { name: 'own-image' };
      await api.create(services, {
        apiVersion: 'simfleet.dev/v1alpha1',
        kind: 'SimulationService',
        metadata,
        spec: { container },
      });
      const service = () =>
        api.get(`${services}/own-image`) as Promise<{
          status?: { conditions?: { type: string; status: string; reason: string }[]; kernelHash?: string };
        }>;
      const conditionOf = async (type: string) =>
        (await service()).status?.conditions?.find((each) => each.type === type);
      await until('the catalogue', async () => (await conditionOf('Accepted'))?.status === 'True');
      assert.equal((await service()).status?.kernelHash, digest);
      await scene.apply(namespace, 'job', { serviceRef: { name: 'own-image' }, parameters: {} });
      await podNames(namespace, 2);
      const [child] = (await scene.children(namespace)) as unknown as {
        spec: { template: { spec: { containers: { image: string }[] } } };
      }[];
      assert.equal(child?.spec.template.spec.containers[0]?.image, image);
      await api.remove(`${services}/own-image`);
      await until('its use', async () => (await conditionOf('InUse'))?.status === 'True');
    }),

    t.test('a built-in service is not taken over', async () => {
      const metadata = { name: 'asian-option' };
      await api.create(services, {
        apiVersion: 'simfleet.dev/v1alpha1',
        kind: 'SimulationService',
        metadata,
        spec: { engine: 'asian-option' },
      });
      await until('the refusal', async () => {
        const { status } = (await api.get(`${services}/asian-option`)) as {
          status?: { conditions?: { reason: string }[] };
        };
        return status?.conditions?.some(({ reason }) => reason === 'NameTaken');
      });
    }),
  ]);

  /** Pods may be there before the status that names the job. */
  const jobIdOf = async (namespace: string, name: string): Promise<string> =>
    (await scene.status(namespace, name, 'its job', ({ jobId }) => jobId !== undefined)).status?.jobId ?? '';

  let last = first;
  await t.test('another replica goes on where the first stopped', async () => {
    const namespace = await scene.namespace('replicas');
    const second = await scene.startOperator();
    last = second;
    await scene.apply(namespace, 'before', example);
    await podNames(namespace, 2);
    assert.ok(!second.log().includes('this process leads"'));
    const ready = await fetch(`${second.url}/readyz`);
    assert.equal(ready.status, 200, await ready.text());
    await first.stop();
    await scene.apply(namespace, 'after', example);
    await podNames(namespace, 4);
    const names = (await scene.children(namespace)).map(({ metadata }) => metadata.name);
    assert.deepEqual(names.sort(), ['after-1', 'before-1']);
    assert.match(await (await fetch(`${second.url}/metrics`)).text(), /simfleet_operator/);
  });

  await t.test('a job whose resource was taken away by force is cancelled when an operator comes back', async () => {
    const namespace = await scene.namespace('orphaned');
    await scene.apply(namespace, 'gone', endless);
    await podNames(namespace, 2);
    const jobId = await jobIdOf(namespace, 'gone');
    await last.stop();
    const resource = `/apis/simfleet.dev/v1alpha1/namespaces/${namespace}/simulationjobs/gone`;
    await api.remove(resource);
    await api.patch(resource, { metadata: { finalizers: [] } });
    assert.equal(await scene.simjob(namespace, 'gone'), null);
    // Pods of the next test shall be old at once.
    last = await scene.startOperator({}, 30_000);
    await until('the end of the job', async () => {
      const { body } = await scene.client.request('GET', `/v1/jobs/${jobId}`);
      return (body as { state: string }).state === 'Cancelled';
    });
  });

  await t.test('a Secret that was deleted comes back when a pod waits for it', async () => {
    const namespace = await scene.namespace('secretless');
    await scene.apply(namespace, 'job', endless);
    const [pod = ''] = await podNames(namespace, 2);
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    const secrets = async () => ((await api.get(path)) as { items: Secret[] }).items;
    const [before] = await secrets();
    await api.remove(`${path}/${before?.metadata.name ?? ''}`);
    await api.create(`/api/v1/namespaces/${namespace}/pods/${pod}/binding`, {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: pod },
      target: { apiVersion: 'v1', kind: 'Node', name: 'node' },
    });
    const after = await until('the Secret', async () => (await secrets())[0]);
    assert.equal(after.metadata.name, before?.metadata.name);
    const token = Buffer.from(after.data['token'] ?? '', 'base64').toString();
    const jobId = await jobIdOf(namespace, 'job');
    const shard = { shard: 0, attempt: 1, pod, engine: '', kernelHash: '', done: [] };
    await until('the platform to know it', async () => {
      const answer = await fetch(`${scene.platform.url}/v1/jobs/${jobId}/reports`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(shard),
      });
      return answer.status !== 401;
    });
  });
});
