import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { until } from '@simfleet/testing';
import { followEvents } from './support/events.ts';
import type { ToldEvent } from './support/events.ts';
import { startFleet } from './support/fleet.ts';
import type { Fleet, Replica } from './support/fleet.ts';
import { createJob, smallSpec } from './support/platform.ts';
import { openShard, work } from './support/shard.ts';
import type { Shard } from './support/shard.ts';

const thresholds = [
  { name: 'high', metric: 'price', above: '9' },
  { name: 'low', metric: 'price', below: '2' },
];

const scene = async (t: TestContext, count: number, maxPaths: string) => {
  const fleet = await startFleet(t, { count });
  const { id } = await createJob(fleet.balancer, smallSpec({ thresholds, maxPaths, shards: count }));
  const token = await fleet.balancer.tokenFor(id);
  const shards: Shard[] = [];
  for (let shard = 0; shard < count; shard += 1) shards.push(await openShard(fleet.balancer, id, token, shard));
  return { fleet, id, shards };
};

const told = (events: readonly ToldEvent[]): readonly string[] =>
  events.map(({ event }) => (event.type === 'state' ? event.state : event.type)).filter((type) => type !== 'progress');

const assertWhole = (events: readonly ToldEvent[]): void => {
  assert.deepEqual(
    events.map(({ id }) => id),
    events.map((_, at) => at + 1),
  );
  const looks = events.flatMap(({ event }) => (event.type === 'estimate' ? [event.look] : []));
  assert.deepEqual(
    looks,
    looks.map((_, at) => at + 1),
    'each look once, in order',
  );
  assert.ok(looks.length > 3);
  assert.deepEqual(told(events).slice(0, 2), ['Queued', 'Running']);
  assert.deepEqual(told(events).slice(-2), ['Succeeded', 'result']);
  assert.equal(told(events).filter((type) => type === 'threshold').length, 2);
};

const take = async (fleet: Fleet, id: string, from: Replica, shards: readonly Shard[]): Promise<void> => {
  fleet.pause(from);
  await until('another replica folds the job', async () => {
    for (const shard of shards) await shard.step();
    const there = fleet.holder(id);
    return there !== undefined && there !== from;
  });
};

test('every replica tells the same live history, the result last', async (t) => {
  const { fleet, id, shards } = await scene(t, 3, '30050');
  const following = fleet.replicas.map((replica) => followEvents(replica, id).all());
  await Promise.all(shards.map(work));
  const [first, ...others] = await Promise.all(following);
  assertWhole(first ?? []);
  for (const other of others) assert.deepEqual(other, first);
});

test('a client that goes from replica to replica, while the job does too, misses and repeats nothing', async (t) => {
  const { fleet, id, shards } = await scene(t, 3, '120050');
  const seen: ToldEvent[] = [];
  for (let move = 0; move < 3; move += 1) {
    for (let step = 0; step < 2; step += 1) for (const shard of shards) await shard.step();
    const follower = followEvents(fleet.balancer, id, seen.at(-1)?.id ?? 0);
    seen.push(...(await follower.some(2)));
    await follower.close();
    const holder = await until('somebody folds the job', () => fleet.holder(id));
    await take(fleet, id, holder, shards);
    fleet.resume(holder);
  }
  const rest = followEvents(fleet.balancer, id, seen.at(-1)?.id ?? 0).all();
  await Promise.all(shards.map(work));
  seen.push(...(await rest));
  assertWhole(seen);
  for (const replica of fleet.replicas) assert.deepEqual(await followEvents(replica, id).all(), seen);
});

for (const recovers of [true, false]) {
  const title = recovers
    ? 'comes behind the looks of the one that folds it'
    : 'is told a moment later, though the one that folds it cannot';
  test(`the result of a job that another replica ended ${title}`, async (t) => {
    const { fleet, id, shards } = await scene(t, 2, '2000050');
    const holder = await until('somebody folds the job', () => fleet.holder(id));
    const other = fleet.replicas.find((replica) => replica !== holder) as Replica;
    const gate = Promise.withResolvers<void>();
    t.after(() => gate.resolve());
    for (const shard of shards) await shard.step();
    const before = await other.storage.log.last(`live:${id}`);
    holder.process.holdsLive = gate.promise;
    for (let step = 0; step < 4; step += 1) for (const shard of shards) await shard.step();
    const following = Promise.all([holder, other].map((replica) => followEvents(replica, id).all()));
    await other.call('POST', `/v1/jobs/${id}:cancel`);
    if (recovers) gate.resolve();
    else await until('the result', async () => (await other.storage.log.last(`live:${id}`)) > before + 1);
    if (!recovers) return gate.resolve();
    const [here, there] = await following;
    assert.deepEqual(there, here);
    assert.ok((here ?? []).length > before + 2, 'looks were on their way');
    assert.deepEqual(told(here ?? []).slice(-2), ['Cancelled', 'result']);
    assert.equal(await other.storage.log.last(`live:${id}`), here?.length, 'nothing comes behind the result');
  });
}

test('the result is told by another replica when the one that folded the job hangs', async (t) => {
  const { fleet, id, shards } = await scene(t, 2, '20050');
  const holder = await until('somebody folds the job', () => fleet.holder(id));
  const other = fleet.replicas.find((replica) => replica !== holder) as Replica;
  for (const shard of shards) await shard.step();
  fleet.pause(holder);
  const following = followEvents(other, id).all();
  await other.call('POST', `/v1/jobs/${id}:cancel`);
  assert.deepEqual(told(await following).slice(-2), ['Cancelled', 'result']);
});
