import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@simfleet/testing';
import { endless, example, isOver, openScene, sceneMissing } from './support/scene.ts';

const skip = sceneMissing();

test('jobs of the API become resources', { skip, concurrency: 4 }, async (t) => {
  const scene = await openScene(t);
  await scene.startOperator();
  const pathOf = (namespace: string, name: string): string =>
    `/apis/simfleet.dev/v1alpha1/namespaces/${namespace}/simulationjobs/${name}`;

  const isRunning = ({ state }: { readonly state?: string | undefined }): boolean => state === 'Running';

  const running = async (namespace: string, name: string) => {
    const job = await scene.client.create({ customer: namespace, name, spec: { ...example, ...endless } });
    await scene.status(namespace, name, 'its start', isRunning);
    return job;
  };

  await Promise.all([
    t.test('one runs as an Indexed Job, and its resource tells of it', async () => {
      const namespace = await scene.namespace('plain');
      const labels = { team: 'rates' };
      const job = await scene.client.create({ customer: namespace, name: 'first', labels, spec: example });
      const { status, metadata } = await scene.status(namespace, 'first', 'the end', isOver);
      const result = await scene.client.result(job.id);
      assert.equal(status?.state, 'Succeeded');
      assert.equal(status?.resultDigest, result.resultDigest);
      assert.equal(metadata.annotations?.['simfleet.dev/job-id'], job.id);
      assert.equal(metadata.labels?.['team'], 'rates');
      assert.equal(metadata.labels?.['simfleet.dev/origin'], 'api');
    }),

    t.test('what somebody edits by hand is put back', async () => {
      const namespace = await scene.namespace('edited');
      await running(namespace, 'firm');
      const path = pathOf(namespace, 'firm');
      await scene.plane.api.patch(path, { spec: { shards: 5, maxTotalSeconds: 60 } });
      await until('the old spec', async () => {
        const { spec } = (await scene.simjob(namespace, 'firm'))!;
        return spec['shards'] === 2 && spec['maxTotalSeconds'] === undefined;
      });
      // A bound that was widened cannot be narrowed by an edit: the resource is made again.
      const { metadata } = (await scene.simjob(namespace, 'firm'))!;
      await scene.plane.api.patch(path, { spec: { maxPaths: '2000000000000' } });
      await until('a new resource', async () => {
        const now = await scene.simjob(namespace, 'firm');
        return now !== null && now.metadata.uid !== metadata.uid && now.spec['maxPaths'] === endless.maxPaths;
      });
      await scene.status(namespace, 'firm', 'its work', isRunning);
    }),

    t.test('one whose resource is deleted gets it back, unless it is over', async () => {
      const namespace = await scene.namespace('undeleted');
      const job = await running(namespace, 'keeps');
      const { metadata } = (await scene.simjob(namespace, 'keeps'))!;
      await scene.plane.api.remove(pathOf(namespace, 'keeps'));
      await until('the resource', async () => {
        const now = await scene.simjob(namespace, 'keeps');
        return now !== null && now.metadata.uid !== metadata.uid;
      });
      await scene.status(namespace, 'keeps', 'its work', isRunning);
      assert.equal((await scene.client.act(job.id, 'cancel')).status, 200);
      await scene.status(namespace, 'keeps', 'the end', isOver);
      await scene.plane.api.remove(pathOf(namespace, 'keeps'));
      await until('no resource', async () => (await scene.simjob(namespace, 'keeps')) === null);
      const next = await scene.client.create({ customer: namespace, name: 'next', spec: example });
      await scene.client.result(next.id);
      assert.equal(await scene.simjob(namespace, 'keeps'), null);
    }),

    t.test('the resource goes with the record of its job', async () => {
      const namespace = await scene.namespace('dropped');
      const job = await scene.client.create({ customer: namespace, name: 'gone', spec: example });
      await scene.status(namespace, 'gone', 'the end', isOver);
      assert.equal((await scene.client.request('DELETE', `/v1/jobs/${job.id}`)).status, 204);
      await until('no resource', async () => (await scene.simjob(namespace, 'gone')) === null);
    }),

    t.test('suspended, resumed and given more shards in the API', async () => {
      const namespace = await scene.namespace('steered');
      const job = await running(namespace, 'obeys');
      assert.equal((await scene.client.act(job.id, 'suspend')).status, 200);
      await scene.status(namespace, 'obeys', 'its suspension', ({ state }) => state === 'Suspended');
      await until('no pods', async () => (await scene.pods(namespace)).length === 0, 30_000);
      assert.equal((await scene.client.act(job.id, 'resume')).status, 200);
      await scene.client.request('PATCH', `/v1/jobs/${job.id}`, { spec: { shards: 3 } });
      await scene.status(namespace, 'obeys', 'its work', isRunning);
      await until('three shards', async () => (await scene.children(namespace))[0]?.spec.completions === 3);
    }),
  ]);
});
