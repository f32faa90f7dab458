import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { liveEvent } from '@simfleet/contracts';
import type { LiveEvent } from '@simfleet/contracts';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { temporaryDirectory, until } from '@simfleet/testing';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { followEvents } from './support/events.ts';
import { openShard, work } from './support/shard.ts';

const typesOf = (events: readonly { event: LiveEvent }[]): readonly string[] =>
  events.map(({ event }) => (event.type === 'state' ? event.state : event.type)).filter((type) => type !== 'progress');

const isGapless = (events: readonly { id: number }[], first = 1): boolean =>
  events.every(({ id }, index) => id === first + index);

const thresholds = [
  { name: 'high', metric: 'price', above: '9' },
  { name: 'low', metric: 'price', below: '2' },
];

test('a follower from the start sees states, looks, verdicts and the result, then the end', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec({ thresholds }));
  const following = followEvents(platform, id).all();
  await work(await openShard(platform, id, await platform.tokenFor(id)));
  const events = await following;
  assert.ok(isGapless(events));
  for (const { event } of events) liveEvent.parse(event);
  const types = typesOf(events);
  assert.deepEqual(types.slice(0, 2), ['Queued', 'Running']);
  assert.deepEqual(types.slice(-2), ['Succeeded', 'result']);
  const verdicts = events.flatMap(({ event }) =>
    event.type === 'threshold' ? [`${event.threshold.name} ${event.threshold.verdict}`] : [],
  );
  assert.deepEqual(verdicts.sort(), ['high Crossed', 'low NotCrossed']);
  const looks = events.flatMap(({ event }) => (event.type === 'estimate' ? [event.look] : []));
  assert.deepEqual(
    looks,
    looks.map((_, index) => index + 1),
  );
  assert.ok(looks.length > 3);
});

test('a crossed threshold is an event on the bus, once', async (t) => {
  const platform = await startPlatform(t);
  const crossed: string[] = [];
  await platform.bus.consume({
    name: 'test',
    types: ['dev.simfleet.job.threshold-crossed.v1'],
    handle: async ({ data }) => void crossed.push(data.threshold.name),
  });
  const { id } = await createJob(platform, smallSpec({ thresholds }));
  await work(await openShard(platform, id, await platform.tokenFor(id)));
  await until('the event', () => crossed.length > 0);
  assert.deepEqual(crossed, ['high']);
});

test('Last-Event-ID resumes without loss or repetition, wherever the stream was cut', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec({ thresholds }));
  await work(await openShard(platform, id, await platform.tokenFor(id)));
  const whole = await followEvents(platform, id).all();
  for (let cut = 0; cut < whole.length; cut++) {
    assert.deepEqual(await followEvents(platform, id, cut).all(), whole.slice(cut));
  }
  const after = { 'last-event-id': String(whole.length) };
  assert.equal((await platform.call('GET', `/v1/jobs/${id}/events`, undefined, after)).status, 204);
  const beyond = { 'last-event-id': String(whole.length + 1) };
  const { status, body } = await platform.call('GET', `/v1/jobs/${id}/events`, undefined, beyond);
  assert.deepEqual([status, body.errors[0]?.pointer], [422, '#header/Last-Event-ID']);
});

test('an extended job tells on behind its first result, and ends behind its second', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  await work(await openShard(platform, id, await platform.tokenFor(id)));
  const before = await followEvents(platform, id).all();
  await platform.call('POST', `/v1/jobs/${id}:extend`, { maxPaths: '5000' });
  await work(await openShard(platform, id, await platform.tokenFor(id), 0, 2));
  const events = await followEvents(platform, id).all();
  assert.deepEqual(events.slice(0, before.length), before);
  assert.ok(isGapless(events));
  assert.equal(typesOf(events).filter((type) => type === 'result').length, 2);
  assert.equal(events.at(-1)?.event.type, 'result');
});

test('a result that a crash kept from the live log is told to the next follower, once', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  await work(await openShard(platform, id, await platform.tokenFor(id)));
  const whole = await followEvents(platform, id).all();
  // As if the platform had died between the job's last write and that of its live log.
  const { log } = platform.storage;
  await log.drop(`live:${id}`);
  const again = await Promise.all([followEvents(platform, id).all(), followEvents(platform, id).all()]);
  for (const events of again) assert.deepEqual(typesOf(events), ['Queued', 'Running', 'Succeeded', 'result']);
  assert.deepEqual(again[0]?.at(-1)?.event, whole.at(-1)?.event);
  assert.equal(await log.last(`live:${id}`), 4);
});

const openStore = (path: string) => openSqliteStorage({ file: `${path}/simfleet.db` });

/** Runs the job over as many platforms as there are cuts, one after the other on the same store. */
const runOverRestarts = async (t: TestContext, path: string, cuts: number) => {
  let storage = await openStore(path);
  let platform: Platform = await startPlatform(t, { storage });
  const { id } = await createJob(platform, smallSpec({ thresholds, maxPaths: '20050' }));
  const seen: { id: number; event: LiveEvent }[] = [];
  for (let cut = 0; cut < cuts; cut++) {
    const follower = followEvents(platform, id, seen.at(-1)?.id ?? 0);
    const shard = await openShard(platform, id, await platform.tokenFor(id), 0, cut + 1);
    for (let step = 0; step < 3; step++) await shard.step();
    seen.push(...(await follower.some(2)));
    await follower.close();
    await platform.stop();
    await storage.close();
    storage = await openStore(path);
    platform = await startPlatform(t, { storage });
  }
  const rest = followEvents(platform, id, seen.at(-1)?.id ?? 0).all();
  await work(await openShard(platform, id, await platform.tokenFor(id), 0, cuts + 1));
  seen.push(...(await rest));
  const whole = await followEvents(platform, id).all();
  await platform.stop();
  await storage.close();
  return { seen, whole };
};

test('restarts in the middle change neither the digest nor the told history', async (t) => {
  const { seen, whole } = await runOverRestarts(t, temporaryDirectory(t).path, 3);
  assert.deepEqual(seen, whole);
  assert.ok(isGapless(whole));
  const looks = whole.flatMap(({ event }) => (event.type === 'estimate' ? [event.look] : []));
  assert.deepEqual(
    looks,
    looks.map((_, index) => index + 1),
  );
  const undisturbed = await runOverRestarts(t, temporaryDirectory(t).path, 0);
  const digestOf = (events: readonly { event: LiveEvent }[]) => {
    const last = events.at(-1)?.event;
    return last?.type === 'result' ? last.result.resultDigest : undefined;
  };
  assert.match(digestOf(whole) ?? '', /^[0-9a-f]{64}$/);
  assert.equal(digestOf(whole), digestOf(undisturbed.whole));
});
