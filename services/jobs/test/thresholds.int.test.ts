import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, JobResult } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import { followEvents } from './support/events.ts';
import { heldStorage } from './support/held-storage.ts';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { openShard, report, work } from './support/shard.ts';

const high = { name: 'high', metric: 'price', above: '9' };
const low = { name: 'low', metric: 'price', below: '2' };
const top = { name: 'top', metric: 'price', above: '50' };

const watch = (platform: Platform, id: string, thresholds: unknown) =>
  platform.call<Job>('PATCH', `/v1/jobs/${id}`, { spec: { thresholds } });

const verdictsOf = ({ thresholds }: Pick<Job, 'thresholds'>): readonly string[] =>
  thresholds.map(({ name, verdict }) => `${name} ${verdict}`);

const crossedOf = async (platform: Platform): Promise<string[]> => {
  const crossed: string[] = [];
  await platform.bus.consume({
    name: 'test',
    types: ['dev.simfleet.job.threshold-crossed.v1'],
    handle: async ({ data }) => void crossed.push(data.threshold.name),
  });
  return crossed;
};

test('thresholds that change in mid-run are judged from the first look on, and each is told once', async (t) => {
  const platform = await startPlatform(t);
  const crossed = await crossedOf(platform);
  const { id, spec } = await createJob(platform, smallSpec({ thresholds: [high], maxPaths: '30000' }));
  const shard = await openShard(platform, id, await platform.tokenFor(id));
  const following = followEvents(platform, id).all();
  for (let steps = 0; steps < 4; steps++) await shard.step();
  await until('the first event', () => crossed.length > 0);
  assert.deepEqual(
    spec.thresholds.map(({ name }) => name),
    ['high'],
  );

  const changed = await watch(platform, id, [low, high, { ...top, above: '9.5' }]);
  assert.equal(changed.status, 200);
  const { body } = await platform.call<Job>('GET', `/v1/jobs/${id}`);
  assert.deepEqual(verdictsOf(body), ['low NotCrossed', 'high Crossed', 'top Crossed']);
  await watch(platform, id, [low, top]);
  await work(shard);

  const { body: result } = await platform.call<JobResult>('GET', `/v1/jobs/${id}/result`);
  assert.deepEqual(verdictsOf(result), ['low NotCrossed', 'top NotCrossed']);
  const told = (await following).flatMap(({ event }) =>
    event.type === 'threshold' ? [`${event.threshold.name} ${event.threshold.verdict}`] : [],
  );
  assert.deepEqual(told.sort(), ['high Crossed', 'low NotCrossed', 'top Crossed', 'top NotCrossed']);
  assert.deepEqual([...new Set(crossed)], ['high']);
});

test('new thresholds do not change the answer', async (t) => {
  const platform = await startPlatform(t);
  const digests: (string | null)[] = [];
  for (const thresholds of [null, [high, low]]) {
    const { id } = await createJob(platform, smallSpec());
    const shard = await openShard(platform, id, await platform.tokenFor(id));
    await shard.step();
    if (thresholds !== null) await watch(platform, id, thresholds);
    await work(shard);
    digests.push((await platform.call<JobResult>('GET', `/v1/jobs/${id}/result`)).body.resultDigest);
  }
  assert.equal(digests[0], digests[1]);
});

test('a job whose last block comes while its thresholds change ends with verdicts on the new ones', async (t) => {
  const held = heldStorage();
  const platform = await startPlatform(t, { storage: held.storage });
  const { id } = await createJob(platform, smallSpec({ thresholds: [high] }));
  const token = await platform.tokenFor(id);
  const shard = await openShard(platform, id, token);
  const done = Array.from({ length: 31 }, (_, block) => shard.runner.run(block));
  await report(platform, id, token, { shard: 0, attempt: 1, done: done.slice(0, 30) });
  const release = held.hold();
  const final = report(platform, id, token, { shard: 0, attempt: 1, done: done.slice(30) });
  await until('the write', () => held.waiting === 1);
  await watch(platform, id, [low]);
  release();
  await final;
  await work(shard);
  const { body } = await platform.call<JobResult>('GET', `/v1/jobs/${id}/result`);
  assert.deepEqual(verdictsOf(body), ['low NotCrossed']);
});

test('thresholds of a job that is over cannot change', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec({ thresholds: [high] }));
  await platform.call('POST', `/v1/jobs/${id}:cancel`);
  const { status, body } = await platform.call('PATCH', `/v1/jobs/${id}`, { spec: { thresholds: [low] } });
  assert.deepEqual([status, body.code, body.errors[0]?.pointer], [409, 'job-over', '/spec/thresholds']);
});
