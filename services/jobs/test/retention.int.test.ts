import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, Page } from '@simfleet/contracts';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock, until } from '@simfleet/testing';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { openShard } from './support/shard.ts';
import type { Shard } from './support/shard.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const ended = async (platform: Platform, name: string): Promise<Job> => {
  const job = await createJob(platform, smallSpec(), name);
  await platform.call('POST', `/v1/jobs/${job.id}:cancel`, {});
  return job;
};

const names = async (platform: Platform): Promise<string> => {
  const { body } = await platform.call<Page<Job>>('GET', '/v1/jobs?sort=name');
  return body.items.map(({ name }) => name).join(' ');
};

/** Works until the job ends, but gives up on one that never does. */
const finish = async (shard: Shard): Promise<void> => {
  for (let reports = 0; reports < 100; reports++) if ((await shard.step()).action === 'stop') return;
  throw new Error('the job does not end');
};

/** The platform of a store some time later: a clock that is turned by days turns every timer on the way. */
const start = Date.UTC(2026, 0, 1);
const later = (ms: number) => fakeClock(start + ms);

test('jobs that ended long ago go with all that belonged to them, others stay', async (t) => {
  const storage = openMemoryStorage();
  const first = await startPlatform(t, { clock: later(0), storage });
  const old = await ended(first, 'old');
  await createJob(first, smallSpec(), 'waiting');
  await first.stop();
  const options = { retainJobsDays: 2 };
  const clock = later(2 * dayMs - 1000);
  const second = await startPlatform(t, { clock, storage, options });
  await ended(second, 'young');
  await clock.advance(500);
  assert.equal(await names(second), 'old waiting young');
  assert.notEqual(await storage.log.last(`live:${old.id}`), 0);
  await clock.advance(hourMs);
  await until('the old job is gone', async () => (await names(second)) === 'waiting young');
  await until('its history too', async () => {
    await clock.advance(100);
    return (await storage.log.last(`live:${old.id}`)) === 0;
  });
  await createJob(second, smallSpec(), 'old');
});

test('a platform that is told later how many jobs to keep removes the rest at its start', async (t) => {
  const storage = openMemoryStorage();
  const clock = later(0);
  const before = await startPlatform(t, { clock, storage });
  for (const name of ['a', 'b', 'c', 'd']) {
    await ended(before, name);
    await clock.advance(1000);
  }
  await createJob(before, smallSpec(), 'e');
  await before.stop();
  const keepsAll = await startPlatform(t, { clock: later(400 * dayMs), storage });
  assert.equal(await names(keepsAll), 'a b c d e', 'without an option everything stays');
  await keepsAll.stop();
  const again = later(401 * dayMs);
  const after = await startPlatform(t, { clock: again, storage, options: { retainJobsCount: 2 } });
  await until('two are left', async () => {
    await again.advance(100);
    return (await names(after)) === 'c d e';
  });
});

test('a job whose history was cut is still watched to its result', async (t) => {
  const storage = openMemoryStorage();
  const before = await startPlatform(t, { clock: later(0), storage });
  const { id } = await ended(before, 'a');
  await until('the history is complete', async () => (await storage.log.last(`live:${id}`)) > 1);
  const last = await storage.log.last(`live:${id}`);
  await before.stop();
  const clock = later(2 * dayMs);
  const platform = await startPlatform(t, { clock, storage, options: { retainLiveDays: 1 } });
  await until('the history is cut', async () => {
    await clock.advance(100);
    return (await storage.log.read(`live:${id}`, 0, 9)).length === 1;
  });
  const watch = async (headers: Record<string, string>): Promise<Response> =>
    platform.open(`/v1/jobs/${id}/events`, { headers, signal: t.signal });
  const whole = await (await watch({})).text();
  assert.match(whole, new RegExp(`id: ${last}\n`));
  assert.match(whole, /event: result/);
  assert.match(await (await watch({ 'last-event-id': '1' })).text(), /event: result/);
  assert.equal((await watch({ 'last-event-id': String(last) })).status, 204);
  assert.equal((await platform.call('GET', `/v1/jobs/${id}/result`)).status, 200);
});

test('a job whose history was cut goes on where it was when it is labelled or extended', async (t) => {
  const storage = openMemoryStorage();
  const before = await startPlatform(t, { clock: later(0), storage });
  const job = await createJob(before, smallSpec());
  await finish(await openShard(before, job.id, await before.tokenFor(job.id)));
  await before.stop();
  const clock = later(2 * dayMs);
  const platform = await startPlatform(t, { clock, storage, options: { retainLiveDays: 1 } });
  const entries = async () =>
    (await storage.log.read(`live:${job.id}`, 0, 1000)).map(({ position, key }) => ({ position, key }));
  await until('the history is cut', async () => {
    await clock.advance(100);
    return (await entries()).length === 1;
  });
  const cut = await entries();
  const label = await platform.call('PATCH', `/v1/jobs/${job.id}`, { labels: { desk: 'rates' } });
  assert.equal(label.status, 200);
  const last = String(cut[0]?.position);
  const watched = await platform.open(`/v1/jobs/${job.id}/events`, {
    headers: { 'last-event-id': last },
    signal: t.signal,
  });
  assert.equal(watched.status, 204);
  assert.deepEqual(await entries(), cut);

  assert.equal((await platform.call('POST', `/v1/jobs/${job.id}:extend`, { maxPaths: '4000' })).status, 200);
  await finish(await openShard(platform, job.id, await platform.tokenFor(job.id)));
  await until('the second result', async () => (await entries()).at(-1)?.key === 'result:2');
  const states = (await entries()).filter(({ key }) => key.startsWith('state:'));
  assert.deepEqual(
    states.map(({ key }) => key),
    ['state:4', 'state:5', 'state:6'],
  );
});
