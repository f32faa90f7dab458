import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, LiveEvent, Problem } from '@simfleet/contracts';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { until } from '@simfleet/testing';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { testQuotas } from './support/quotas.ts';
import { openShard, work } from './support/shard.ts';

const read = async (platform: Platform, id: string): Promise<Job> =>
  (await platform.call<Job>('GET', `/v1/jobs/${id}`)).body;
const post = (platform: Platform, id: string, verb: string) =>
  platform.call<Job>('POST', `/v1/jobs/${id}:${verb}`, undefined);
const states = async (platform: Platform, jobs: readonly Job[]): Promise<string> =>
  (await Promise.all(jobs.map(({ id }) => read(platform, id))))
    .map(({ state, waitsFor }) => (waitsFor === null ? state : `${state}:${waitsFor}`))
    .join(' ');
const runToEnd = async (platform: Platform, id: string, attempt = 1): Promise<Job> => {
  await work(await openShard(platform, id, await platform.tokenFor(id), 0, attempt));
  return read(platform, id);
};

test('of fifty jobs that are created at once a queue of ten takes ten, and nothing is left of the others', async (t) => {
  const quotas = testQuotas({ queued: 10 });
  const platform = await startPlatform(t, { quotas });
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      platform.call<Job & Problem>('POST', '/v1/jobs', { name: `job-${index}`, spec: smallSpec() }),
    ),
  );
  const admitted = answers.filter(({ status }) => status === 201);
  assert.equal(admitted.length, 10);
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(refused.length, 40);
  assert.equal(refused[0]?.body.code, 'quota-exceeded');
  const page = await platform.call<{ items: Job[] }>('GET', '/v1/jobs?limit=100');
  assert.equal(page.body.items.length, 10);
  assert.equal(await quotas.held('queued'), 10);
  // The name of one that was refused is free.
  const [first] = admitted;
  await post(platform, first?.body.id ?? '', 'cancel');
  await until('the place is free', async () => (await quotas.held('queued')) === 9);
  const taken = new Set(admitted.map(({ body }) => body.name));
  const name = Array.from({ length: 50 }, (_, index) => `job-${index}`).find((each) => !taken.has(each)) ?? '';
  await createJob(platform, smallSpec(), name);
  assert.equal((await platform.call('POST', '/v1/jobs', { spec: smallSpec() })).status, 429);
});

test('a request that is repeated asks for nothing more, even where the queue is full', async (t) => {
  const quotas = testQuotas({ queued: 1 });
  const platform = await startPlatform(t, { quotas });
  const create = () =>
    platform.call<Job>('POST', '/v1/jobs', { spec: smallSpec() }, { 'idempotency-key': 'the-same-request' });
  const [one, two] = [await create(), await create()];
  assert.deepEqual([one.status, two.status, two.body.id], [201, 201, one.body.id]);
  assert.equal(await quotas.held('queued'), 1);
});

test('a creation that fails gives back what it took', async (t) => {
  const quotas = testQuotas({ queued: 2, running: 2 });
  const platform = await startPlatform(t, { quotas });
  await createJob(platform, smallSpec(), 'mine');
  assert.equal((await platform.call('POST', '/v1/jobs', { name: 'mine', spec: smallSpec() })).status, 409);
  assert.equal((await platform.call('POST', '/v1/jobs', { spec: smallSpec({ parameters: {} }) })).status, 422);
  assert.deepEqual([await quotas.held('queued'), await quotas.held('running')], [1, 1]);
});

test('jobs beyond the running ones wait, say so, and start oldest first when another ends, is suspended or cancelled', async (t) => {
  const quotas = testQuotas({ running: 2 });
  const platform = await startPlatform(t, { quotas });
  const jobs: Job[] = [];
  for (let index = 0; index < 6; index++) jobs.push(await createJob(platform, smallSpec(), `job-${index}`));
  const [first, second, third, fourth] = jobs.map(({ id }) => id) as [string, string, string, string];
  const waits = 'Queued:jobs-running';
  assert.equal(await states(platform, jobs), `Queued Queued ${waits} ${waits} ${waits} ${waits}`);
  assert.equal((await read(platform, third)).message, 'waits: the customer runs 2 of 2 jobs');

  // A shard that comes all the same gets nothing to do.
  const early = await openShard(platform, third, await platform.tokenFor(third));
  assert.deepEqual([early.replies[0]?.action, early.replies[0]?.lease], ['suspend', null]);
  assert.equal((await read(platform, third)).state, 'Queued');

  await runToEnd(platform, first);
  await until('the third may run', async () => (await read(platform, third)).waitsFor === null);
  assert.equal(await states(platform, jobs), `Succeeded Queued Queued ${waits} ${waits} ${waits}`);
  assert.equal((await read(platform, third)).message, null);

  await post(platform, second, 'suspend');
  await until('the fourth may run', async () => (await read(platform, fourth)).waitsFor === null);
  // It waits for its turn again, and is the oldest.
  assert.equal((await post(platform, second, 'resume')).body.waitsFor, 'jobs-running');
  await post(platform, third, 'cancel');
  await until('the second may run', async () => (await read(platform, second)).waitsFor === null);
  assert.equal(await states(platform, jobs), `Succeeded Queued Cancelled Queued ${waits} ${waits}`);

  quotas.limits.running = 3;
  await until('the fifth may run', async () => (await states(platform, jobs)).endsWith(`Queued Queued ${waits}`));
  quotas.limits.running = null;
  await until('nobody waits', async () => !(await states(platform, jobs)).includes('jobs-running'));
});

test('a job that waits can be changed, suspended, resumed, cancelled and deleted', async (t) => {
  const quotas = testQuotas({ running: 1 });
  const platform = await startPlatform(t, { quotas });
  await createJob(platform, smallSpec());
  const { id } = await createJob(platform, smallSpec());
  const patched = await platform.call<Job>('PATCH', `/v1/jobs/${id}`, { spec: { shards: 3, maxPaths: '9999' } });
  assert.deepEqual([patched.status, patched.body.waitsFor, patched.body.spec.shards], [200, 'jobs-running', 3]);
  const suspended = (await post(platform, id, 'suspend')).body;
  assert.deepEqual([suspended.state, suspended.waitsFor], ['Suspended', null]);
  const resumed = (await post(platform, id, 'resume')).body;
  assert.deepEqual([resumed.state, resumed.waitsFor], ['Queued', 'jobs-running']);
  assert.equal((await post(platform, id, 'cancel')).body.state, 'Cancelled');
  assert.equal((await platform.call('DELETE', `/v1/jobs/${id}`)).status, 204);
  assert.equal(await quotas.held('running'), 1);
});

test('executors are told of a job that waits as of a suspended one, and that it may run when it may', async (t) => {
  const quotas = testQuotas({ running: 1 });
  const platform = await startPlatform(t, { quotas });
  const told: string[] = [];
  await platform.bus.consume({
    name: 'test',
    types: ['dev.simfleet.job.changed.v1'],
    handle: async ({ data }) => void told.push(`${data.name} ${data.desired}`),
  });
  const first = await createJob(platform, smallSpec(), 'first');
  const second = await createJob(platform, smallSpec(), 'second');
  await post(platform, first.id, 'cancel');
  await until('the second may run', () => told.includes('second run'));
  assert.deepEqual(
    told.filter((each) => each.startsWith('second')),
    ['second suspend', 'second run'],
  );
  await until('its live log says both', async () => (await liveStates(platform, second.id)).length >= 2);
  assert.deepEqual(await liveStates(platform, second.id), [
    'Queued waits: the customer runs 1 of 1 jobs',
    'Queued null',
  ]);
});

/** The states that the live history tells. */
const liveStates = async (platform: Platform, id: string): Promise<readonly string[]> => {
  const entries = await platform.storage.log.read(`live:${id}`, 0, 100);
  return entries
    .map(({ data }) => data as unknown as LiveEvent)
    .flatMap((event) => (event.type === 'state' ? [`${event.state} ${event.message}`] : []));
};

test('jobs that waited, or were paused for want of paths, end with the digest of one that did neither', async (t) => {
  const plain = await startPlatform(t);
  const { resultDigest } = await runToEnd(plain, (await createJob(plain, smallSpec())).id);
  assert.match(resultDigest ?? '', /^[0-9a-f]{64}$/);

  const quotas = testQuotas({ running: 1, paths: 1000 });
  const platform = await startPlatform(t, { quotas });
  const first = await createJob(platform, smallSpec());
  const second = await createJob(platform, smallSpec());
  await quotas.spend(1000);
  const shard = await openShard(platform, first.id, await platform.tokenFor(first.id));
  const ending = work(shard);
  await until('the paths are used up', async () => (await read(platform, first.id)).waitsFor === 'paths');
  const paused = await read(platform, first.id);
  assert.equal(paused.state, 'Queued');
  assert.match(
    paused.message ?? '',
    /^waits: the customer has used its 1000 paths of the quota paths-a-day; there are more from 2/,
  );
  assert.equal(await quotas.held('running'), 1);
  const refused = await platform.call<Problem>('POST', '/v1/jobs', { spec: smallSpec() });
  assert.deepEqual([refused.status, refused.body.code], [429, 'quota-exceeded']);
  // Two blocks of a hundred were out on lease before it was known.
  assert.ok(paused.progress.paths <= 200, `${paused.progress.paths} paths were used`);

  quotas.limits.paths = 1_000_000;
  await ending;
  const done = await read(platform, first.id);
  assert.deepEqual([done.state, done.resultDigest], ['Succeeded', resultDigest]);
  await until('the second may run', async () => (await read(platform, second.id)).waitsFor === null);
  assert.equal((await runToEnd(platform, second.id)).resultDigest, resultDigest);
  await until('all paths are counted', async () => (await quotas.held('paths')) === 7100);
});

test('blocks that are reported twice are counted once, and a job is charged in few commands', async (t) => {
  const quotas = testQuotas({ paths: 1_000_000 });
  const platform = await startPlatform(t, { quotas });
  const { id } = await createJob(platform, smallSpec({ maxPaths: '20000' }));
  const shard = await openShard(platform, id, await platform.tokenFor(id));
  await shard.step();
  const again = [shard.runner.run(0), shard.runner.run(1)];
  await shard.step({ done: again });
  const reports = await work(shard);
  await until('all paths are counted', async () => (await quotas.held('paths')) === 20_000);
  const charges = quotas.asked.filter(({ force }) => force === true);
  assert.ok(charges.length <= Math.max(3, reports / 4), `${charges.length} charges of ${reports} reports`);
});

test('a restart without the counts, or without quotas, forgets nobody who runs or waits', async (t) => {
  const storage = openMemoryStorage();
  const before = testQuotas({ running: 2 });
  const first = await startPlatform(t, { storage, quotas: before });
  const jobs: Job[] = [];
  for (let index = 0; index < 4; index++) jobs.push(await createJob(first, smallSpec()));
  await first.stop();

  const after = testQuotas({ running: 2 });
  const second = await startPlatform(t, { storage, quotas: after });
  await until('the records are counted again', async () => (await after.held('running')) === 2);
  assert.equal((await createJob(second, smallSpec())).waitsFor, 'jobs-running');
  assert.equal(await states(second, jobs), 'Queued Queued Queued:jobs-running Queued:jobs-running');
  await second.stop();

  const third = await startPlatform(t, { storage });
  await until('nobody waits', async () => !(await states(third, jobs)).includes('jobs-running'));
  await third.stop();
  await storage.close();
});

test('a quota in shadow lets everybody through', async (t) => {
  const quotas = testQuotas({ running: 1, queued: 1, paths: 100 }, { shadow: true });
  const platform = await startPlatform(t, { quotas });
  const jobs = [await createJob(platform, smallSpec()), await createJob(platform, smallSpec())];
  assert.equal(await states(platform, jobs), 'Queued Queued');
  for (const { id } of jobs) assert.equal((await runToEnd(platform, id)).state, 'Succeeded');
  const answer = await platform.open('/metrics', { signal: AbortSignal.timeout(10_000), headers: {} });
  const metrics = await answer.text();
  assert.match(metrics, /simfleet_quota_shadow_refusals_total\{policy="running-jobs"\} [1-9]/);
});
