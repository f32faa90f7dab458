import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { until } from '@simfleet/testing';
import type { LiveSocket } from '@simfleet/testing';
import { followEvents } from './support/events.ts';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { PlatformOptions } from './support/platform.ts';
import { openShard, work } from './support/shard.ts';
import { atLeast, serveSockets, told, watchToEnd } from './support/sockets.ts';

const thresholds = [
  { name: 'high', metric: 'price', above: '9' },
  { name: 'low', metric: 'price', below: '2' },
];

const scene = async (t: TestContext, options: PlatformOptions = {}) => {
  const platform = await startPlatform(t, options);
  const sockets = await serveSockets(t, platform);
  const run = async (id: string, attempt = 1): Promise<void> =>
    void (await work(await openShard(platform, id, await platform.tokenFor(id), 0, attempt)));
  return { platform, sockets, run };
};

const refusal = async (socket: LiveSocket, verb: string, body: unknown): Promise<readonly unknown[]> => {
  const answer = await socket.ask(verb, body);
  assert.ok('error' in answer, JSON.stringify(answer));
  return [answer.error.code, answer.error.errors[0]?.pointer];
};

test('sockets and server-sent events tell the same, from before the first block to the end', async (t) => {
  const { platform, sockets, run } = await scene(t);
  const { id } = await createJob(platform, smallSpec({ thresholds }));
  const [first, late] = [await sockets.open(), await sockets.open()];
  const whole = watchToEnd(first, id);
  const streamed = followEvents(platform, id).all();
  const running = run(id);
  await atLeast(first, id, 4);
  const joined = watchToEnd(late, id, 2);
  await running;
  const events = await streamed;
  assert.deepEqual(await whole, { events, last: events.length, reason: 'over' });
  assert.deepEqual((await joined).events, events.slice(2));
});

test('whatever the position, a watch of a job that is over tells the rest, then the end', async (t) => {
  const { platform, sockets, run } = await scene(t);
  const { id } = await createJob(platform, smallSpec({ thresholds }));
  await run(id);
  const whole = await followEvents(platform, id).all();
  for (let cut = 0; cut <= whole.length; cut++) {
    const socket = await sockets.open();
    const expected = { events: whole.slice(cut), last: whole.length, reason: 'over' };
    assert.deepEqual(await watchToEnd(socket, id, cut), expected);
    socket.close();
  }
  const socket = await sockets.open();
  const beyond = { job: id, after: whole.length + 1 };
  assert.deepEqual(await refusal(socket, 'watch', beyond), ['invalid-request', '/watch/after']);
});

test('an extended job is told on behind its first result', async (t) => {
  const { platform, sockets, run } = await scene(t);
  const { id } = await createJob(platform, smallSpec());
  const socket = await sockets.open();
  const first = watchToEnd(socket, id);
  await run(id);
  const { last } = await first;
  await platform.call('POST', `/v1/jobs/${id}:extend`, { maxPaths: '5000' });
  const again = await sockets.open();
  const rest = watchToEnd(again, id, last);
  await run(id, 2);
  const events = await followEvents(platform, id).all();
  assert.deepEqual((await rest).events, events.slice(last));
  assert.deepEqual((await watchToEnd(await sockets.open(), id)).events, events);
  assert.equal(events.filter(({ event }) => event.type === 'result').length, 2);
});

test('a job that is deleted while it is watched ends the watch, and then there is none', async (t) => {
  const { platform, sockets } = await scene(t);
  const { id } = await createJob(platform, smallSpec());
  const socket = await sockets.open();
  await socket.ask('watch', { job: id });
  await platform.call('POST', `/v1/jobs/${id}:cancel`, {});
  assert.equal((await platform.call('DELETE', `/v1/jobs/${id}`)).status, 204);
  const { reason } = await socket.end(id);
  assert.ok(['deleted', 'over'].includes(reason), reason);
  assert.deepEqual(await refusal(socket, 'watch', { job: id }), ['not-found', undefined]);
});

test('a history that was cut is told from where it begins', async (t) => {
  const { platform, sockets, run } = await scene(t);
  const { id } = await createJob(platform, smallSpec());
  await run(id);
  const whole = await followEvents(platform, id).all();
  await platform.storage.log.trim(`live:${id}`, whole.length - 2);
  const cut = await followEvents(platform, id).all();
  assert.deepEqual(cut, whole.slice(-2));
  for (const after of [0, 1, whole.length - 2])
    assert.deepEqual((await watchToEnd(await sockets.open(), id, after)).events, cut);
});

test('a result that a crash kept from the live log is told to the next watcher', async (t) => {
  const { platform, sockets, run } = await scene(t);
  const { id } = await createJob(platform, smallSpec());
  await run(id);
  await platform.storage.log.drop(`live:${id}`);
  const { events } = await watchToEnd(await sockets.open(), id);
  assert.deepEqual(events, await followEvents(platform, id).all());
  assert.equal(events.at(-1)?.event.type, 'result');
});

test('one connection watches several jobs, each once, until it wants no more', async (t) => {
  const { platform, sockets, run } = await scene(t);
  const [a, b] = [await createJob(platform, smallSpec()), await createJob(platform, smallSpec())];
  const socket = await sockets.open();
  for (const { id } of [a, b]) assert.ok('ok' in (await socket.ask('watch', { job: id })));
  assert.deepEqual(await refusal(socket, 'watch', { job: a.id }), ['invalid-request', '/watch/job']);
  assert.deepEqual(await socket.ask('unwatch', { job: b.id }), { id: 4, ok: { job: b.id } });
  assert.deepEqual(await refusal(socket, 'unwatch', { job: b.id }), ['not-found', undefined]);
  const before = told(socket, b.id).length;
  await run(b.id);
  await run(a.id);
  await socket.end(a.id);
  assert.deepEqual(told(socket, a.id), await followEvents(platform, a.id).all());
  assert.equal(told(socket, b.id).length, before);
  const { last } = await watchToEnd(socket, b.id, before);
  assert.deepEqual(told(socket, b.id), await followEvents(platform, b.id).all());
  assert.deepEqual((await watchToEnd(socket, b.id, last)).last, last, 'an ended watch may begin again');
});

test('requests with mistakes are answered by where they are, and a hundred watches are enough', async (t) => {
  const { platform, sockets } = await scene(t);
  const { id } = await createJob(platform, smallSpec());
  const socket = await sockets.open();
  const mistakes = [
    [{}, '/watch/job'],
    [{ job: 7 }, '/watch/job'],
    [{ job: id, after: -1 }, '/watch/after'],
    [{ job: id, after: 1.5 }, '/watch/after'],
    [{ job: id, from: 1 }, '/watch/from'],
    ['text', '/watch'],
  ] as const;
  for (const [body, pointer] of mistakes)
    assert.deepEqual(await refusal(socket, 'watch', body), ['invalid-request', pointer]);
  const jobs = await Promise.all(Array.from({ length: 101 }, () => createJob(platform, smallSpec())));
  const answers = await Promise.all(jobs.map((job) => socket.ask('watch', { job: job.id })));
  assert.equal(answers.filter((each) => 'ok' in each).length, 100);
});

test('a job of another customer is as one that is not there', async (t) => {
  const users = {
    'token-of-acme': { id: 'ann', kind: 'user', customers: ['acme'] },
    'token-of-nobody': { id: 'ned', kind: 'user', customers: [] },
  } as const;
  const { platform, sockets } = await scene(t, { users });
  const { id } = await createJob(platform, smallSpec());
  const stranger = await sockets.open('token-of-acme');
  assert.deepEqual(await refusal(stranger, 'watch', { job: id }), ['not-found', undefined]);
  assert.deepEqual(await refusal(stranger, 'watch', { job: 'job-that-never-was' }), ['not-found', undefined]);
  const nobody = await sockets.open('token-of-nobody');
  assert.deepEqual(await refusal(nobody, 'watch', { job: id }), ['forbidden', undefined]);
});

test('of five hundred watchers of one job none misses or repeats an event, and the log is read once for all who are there', async (t) => {
  const { platform, sockets, run } = await scene(t);
  const { id } = await createJob(platform, smallSpec({ thresholds, maxPaths: '20050' }));
  const clients = await Promise.all(Array.from({ length: 500 }, () => sockets.open()));
  const there = clients.slice(0, 400).map((socket) => watchToEnd(socket, id));
  const running = run(id);
  await atLeast(clients[0]!, id, 5);
  const late = clients.slice(400).map((socket, index) => watchToEnd(socket, id, index % 5));
  await running;
  const events = await followEvents(platform, id).all();
  for (const each of await Promise.all(there)) assert.deepEqual(each.events, events);
  for (const [index, each] of (await Promise.all(late)).entries())
    assert.deepEqual(each.events, events.slice(index % 5));
  const metrics = await platform.context.metrics.metrics();
  assert.match(metrics, /simfleet_live_watches 0\n/);
  assert.match(metrics, /simfleet_live_followers 0\n/);
});

test('a platform that stops says come back, and the next one tells the rest', async (t) => {
  const storage = openMemoryStorage();
  const before = await scene(t, { storage });
  const { id } = await createJob(before.platform, smallSpec({ maxPaths: '20050' }));
  const shard = await openShard(before.platform, id, await before.platform.tokenFor(id));
  const socket = await before.sockets.open();
  await socket.ask('watch', { job: id });
  for (let step = 0; step < 4; step++) await shard.step();
  await atLeast(socket, id, 3);
  await before.sockets.stop();
  assert.deepEqual(await socket.closed, { code: 1012, reason: 'service-restart' });
  await before.platform.stop();
  const after = await scene(t, { storage });
  const seen = told(socket, id);
  const rest = watchToEnd(await after.sockets.open(), id, seen.at(-1)?.id ?? 0);
  await after.run(id, 2);
  const whole = [...seen, ...(await rest).events];
  assert.deepEqual(whole, await followEvents(after.platform, id).all());
  await until('nobody is left', () => after.sockets.server.connections === 1);
});
