import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Job } from '@simfleet/contracts';
import { guardStore } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { openRedisLimiterStore } from '@simfleet/rate-limit/redis';
import { createMetrics, systemClock } from '@simfleet/runtime';
import { redisMissing, silentLogger, startRedis, until } from '@simfleet/testing';
import { readJob, startFleet } from './support/fleet.ts';
import type { Fleet } from './support/fleet.ts';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { testQuotas } from './support/quotas.ts';
import type { Limits, TestQuotas } from './support/quotas.ts';
import { openShard, work } from './support/shard.ts';

const scene = async (t: TestContext, limits: Partial<Limits>) => {
  const quotas = testQuotas(limits);
  return { quotas, fleet: await startFleet(t, { count: 2, quotas: () => quotas }) };
};

/** Jobs created one after another, each at the next replica. */
const createMany = async (fleet: Fleet, count: number): Promise<readonly Job[]> => {
  const jobs: Job[] = [];
  for (let index = 0; index < count; index++) jobs.push(await createJob(fleet.balancer, smallSpec()));
  return jobs;
};

const waiting = async (platform: Platform, jobs: readonly Job[]): Promise<string> =>
  (await Promise.all(jobs.map(({ id }) => readJob(platform, id))))
    .map(({ state, waitsFor }) => (waitsFor === null ? state[0] : 'w'))
    .join('');

test('creations at two replicas share one queue, and none is admitted beyond it', async (t) => {
  const { fleet, quotas } = await scene(t, { queued: 10, running: 3 });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => fleet.balancer.call<Job>('POST', '/v1/jobs', { spec: smallSpec() })),
  );
  const created = answers.filter(({ status }) => status === 201).map(({ body }) => body);
  assert.equal(created.length, 10);
  const places = async (): Promise<number> =>
    [...(await waiting(fleet.balancer, created))].filter((each) => each === 'Q').length;
  await until('all places are taken', async () => (await places()) === 3);
  assert.equal(await quotas.held('running'), 3);
});

test('a job that ends at one replica makes room for the oldest that waits, whichever replica decides', async (t) => {
  const { fleet } = await scene(t, { running: 1 });
  const jobs = await createMany(fleet, 4);
  for (let ended = 0; ended < 3; ended++) {
    const by = fleet.replicas[ended % 2];
    await by?.call('POST', `/v1/jobs/${jobs[ended]?.id}:cancel`);
    const expected = `${'C'.repeat(ended + 1)}Q${'w'.repeat(2 - ended)}`;
    await until(`the next may run: ${expected}`, async () => (await waiting(fleet.balancer, jobs)) === expected);
  }
});

test('when the replica that decides hangs, another gives out places, and none twice', async (t) => {
  const { fleet, quotas } = await scene(t, { running: 2 });
  const jobs = await createMany(fleet, 6);
  const decides = fleet.replicas.find(({ leases }) => leases.holds('jobs-turns'));
  assert.ok(decides);
  fleet.pause(decides);
  await fleet.balancer.call('POST', `/v1/jobs/${jobs[0]?.id}:cancel`);
  await until('the next may run', async () => (await waiting(fleet.balancer, jobs)) === 'CQQwww');
  await fleet.balancer.call('POST', `/v1/jobs/${jobs[1]?.id}:cancel`);
  fleet.resume(decides);
  await until('the next may run', async () => (await waiting(fleet.balancer, jobs)) === 'CCQQww');
  assert.equal(await quotas.held('running'), 2);
});

test('paths of shards at two replicas are one budget, and the answer does not depend on it', async (t) => {
  const plain = await startPlatform(t);
  const { id } = await createJob(plain, smallSpec());
  await work(await openShard(plain, id, await plain.tokenFor(id)));
  const expected = (await readJob(plain, id)).resultDigest;

  const { fleet, quotas } = await scene(t, { paths: 1000 });
  const job = await createJob(fleet.balancer, smallSpec({ shards: 2 }));
  await quotas.spend(1000);
  const token = await fleet.balancer.tokenFor(job.id);
  const shards = await Promise.all(fleet.replicas.map((replica, at) => openShard(replica, job.id, token, at)));
  const working = Promise.all(shards.map(work));
  await until('the job waits for paths', async () => (await readJob(fleet.balancer, job.id)).waitsFor === 'paths');
  quotas.limits.paths = 100_000;
  await working;
  const { state, resultDigest } = await readJob(fleet.balancer, job.id);
  assert.deepEqual([state, resultDigest], ['Succeeded', expected]);
  await until('all paths are counted', async () => (await quotas.held('paths')) === 4050);
});

/** What a replica has of limits when they are kept in Redis, as the platform puts it together. */
const onRedis = async (t: TestContext, url: string, limits: Partial<Limits>): Promise<TestQuotas> => {
  const store = guardStore({
    store: await openRedisLimiterStore({ url, timeoutMs: 2_000 }),
    shares: openMemoryLimiterStore({ clock: systemClock, maxKeys: 1_000 }),
    ...{ replicas: 2, timeoutMs: 250, onLoss: () => 'open', clock: systemClock },
    ...{ metrics: createMetrics(), logger: silentLogger() },
  });
  t.after(() => store.close());
  return testQuotas(limits, { store, leaseMs: 6_000 });
};

test(
  'on Redis that dies and comes back empty places stay as the records have them',
  { skip: redisMissing() },
  async (t) => {
    const redis = await startRedis(t);
    const limits = { queued: 10, running: 2 };
    const [one, two] = [await onRedis(t, redis.url, limits), await onRedis(t, redis.url, limits)];
    const sources = [one, two];
    const fleet = await startFleet(t, { count: 2, quotas: () => sources.pop() ?? one });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => fleet.balancer.call<Job>('POST', '/v1/jobs', { spec: smallSpec() })),
    );
    const jobs = answers.filter(({ status }) => status === 201).map(({ body }) => body);
    assert.equal(jobs.length, 10);
    const counts = async (): Promise<string> => [...(await waiting(fleet.balancer, jobs))].sort().join('');
    await until('two have a place', async () => (await counts()) === 'QQwwwwwwww');

    await redis.kill();
    const places = await waiting(fleet.balancer, jobs);
    const ends = jobs[places.indexOf('Q')];
    await fleet.balancer.call('POST', `/v1/jobs/${ends?.id}:cancel`);
    await until('another has its place', async () => (await counts()) === 'CQQwwwwwww');
    const more = await createJob(fleet.balancer, smallSpec());
    assert.equal(more.waitsFor, 'jobs-running');

    await redis.restart();
    await until('Redis knows it all again', async () => {
      const held = [await one.held('running'), await one.held('queued')];
      return held[0] === 2 && held[1] === 10;
    });
    assert.equal(await counts(), 'CQQwwwwwww');
    assert.equal((await fleet.balancer.call('POST', '/v1/jobs', { spec: smallSpec() })).status, 429);
  },
);
