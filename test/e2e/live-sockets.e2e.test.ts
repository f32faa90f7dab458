import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SocketEvent } from '@simfleet/testing';
import { freePort, openLiveSocket, postgresMissing, startPostgres, temporaryDirectory, until } from '@simfleet/testing';
import { openClient } from './client.ts';
import type { Client } from './client.ts';
import { fleetMissing, openFleet } from './fleet.ts';
import { followBySocket } from './follow-socket.ts';
import type { FollowedBySocket } from './follow-socket.ts';
import { follow } from './follow.ts';
import { startPlatform } from './platform.ts';
import { european, openScene } from './scene.ts';
import { short } from './strike.ts';

/** Never done by itself, so that a death comes in the middle, however busy the machine is. */
const job = european({ maxPaths: '9000000000000' });

/** What the stream of server-sent events has, in the shape of the sockets’. */
const streamed = async (client: Client, id: string): Promise<readonly unknown[]> => {
  const found: unknown[] = [];
  for await (const { id: position, event } of client.events(id)) found.push({ id: position, ...event });
  return found;
};

const assertTheSame = async (client: Client, id: string, { events }: FollowedBySocket): Promise<void> => {
  assert.deepEqual(events, await streamed(client, id));
  assert.equal(events.at(-1)?.type, 'result');
};

type WatchJob = (options: {
  readonly url: string;
  readonly token: string;
  readonly job: string;
  readonly onEvent: (event: SocketEvent) => void;
}) => Promise<number>;

/** The code that the guide gives to pages, as it stands there. */
const codeOfGuide = async (directory: string): Promise<WatchJob> => {
  const guide = readFileSync(new URL('../../docs/guides/live-events.md', import.meta.url), 'utf8');
  const [, code = ''] = /^```js\n(export const watchJob.*?)^```$/ms.exec(guide) ?? [];
  const file = join(directory, 'watch-job.mjs');
  writeFileSync(file, code);
  return ((await import(file)) as { readonly watchJob: WatchJob }).watchJob;
};

const ends = [
  ['dies', 1006, (platform: { kill(): Promise<void> }) => platform.kill()],
  ['stops', 1012, (platform: { stop(): Promise<unknown> }) => platform.stop()],
] as const;

for (const [what, code, end] of ends) {
  test(`when the platform ${what} in the middle of a job, watchers come back to the next one and miss nothing`, async (t) => {
    const { path } = temporaryDirectory(t);
    const flags = ['--sockets-port', String(await freePort())];
    const first = await startPlatform({ dataDir: path, slots: 2, flags });
    t.after(() => first.kill());
    const { token, socketsUrl } = first;
    const { id } = await openClient(first).create(job);
    const seen = Array.from({ length: 10 }, () => 0);
    const watchers = seen.map((_, watcher) =>
      followBySocket(id, {
        ...{ token, signal: t.signal, urlOf: () => socketsUrl },
        onEvent: (event) => (seen[watcher] = event.id),
      }),
    );
    const seenByPage: SocketEvent[] = [];
    const watchJob = await codeOfGuide(path);
    const page = watchJob({ url: socketsUrl, token, job: id, onEvent: (event) => seenByPage.push(event) });
    await until('some events for each', () => Math.min(...seen) >= 4 && seenByPage.length > 0, 30_000);
    await end(first);
    const next = await startPlatform({ dataDir: path, slots: 2, flags });
    t.after(() => next.stop());
    assert.equal(next.socketsUrl, socketsUrl);
    const before = Math.max(...seen);
    await until('events after it', () => Math.min(...seen) > before, 30_000);
    await openClient(next).act(id, 'cancel');
    for (const watched of await Promise.all(watchers)) {
      assert.equal(watched.closes[0], code);
      await assertTheSame(openClient(next), id, watched);
    }
    assert.equal(await page, seenByPage.length);
    assert.deepEqual(seenByPage, await streamed(openClient(next), id));
  });
}

test('limits hold for handshakes and for messages', async (t) => {
  const { platform, client } = await openScene(t, { flags: ['--rate-limits', 'memory:'] });
  const { socketsUrl: url, token } = platform;
  const rule = { algorithm: 'sliding-log', limit: 2, windowSeconds: 600 };
  for (const [name, per, operation] of [
    ['handshakes', 'address', 'openSocket'],
    ['watches', 'user', 'watchJob'],
  ]) {
    const policy = { name, measure: 'requests', per, operations: [operation], rule };
    assert.equal((await client.request('POST', '/v1/rate-limit-policies', policy)).status, 201);
  }
  const [first] = [await openLiveSocket({ url, token }), await openLiveSocket({ url, token })];
  await assert.rejects(openLiveSocket({ url, token }));
  const ids = await Promise.all([1, 2, 3].map(async () => (await client.create(short)).id));
  const answers = await Promise.all(ids.map((id) => first.ask('watch', { job: id })));
  assert.deepEqual(
    answers.map((answer) => ('error' in answer ? answer.error.code : 'ok')),
    ['ok', 'ok', 'quota-exceeded'],
  );
  const [, , refused] = answers;
  assert.ok(refused && 'error' in refused && (refused.retryAfterMs ?? 0) > 500_000);
});

test('a user has as many sockets open as the policy says, and an address too; what is open is not closed for it', async (t) => {
  const { platform, client } = await openScene(t, { flags: ['--rate-limits', 'memory:'] });
  const { socketsUrl: url, token } = platform;
  const limit = async (name: string, most: number): Promise<void> => {
    const answer = await client.request('PATCH', `/v1/rate-limit-policies/${name}`, { rule: { limit: most } });
    assert.equal(answer.status, 200);
  };
  const code = async (opening: Promise<unknown>): Promise<string> =>
    opening
      .then(() => 'open')
      .catch((error: unknown) => /quota-exceeded|1006/.exec(String(error))?.[0] ?? String(error));
  await limit('sockets-of-user', 2);
  const [first, second] = [await openLiveSocket({ url, token }), await openLiveSocket({ url, token, by: 'header' })];
  assert.equal(await code(openLiveSocket({ url, token })), 'quota-exceeded');
  assert.equal(await code(openLiveSocket({ url, token, by: 'header' })), '1006', 'the handshake is refused');
  await limit('sockets-of-user', 10);
  await limit('sockets-of-address', 2);
  assert.equal(await code(openLiveSocket({ url, token })), '1006', 'the handshake is refused');
  first.close();
  await until('room for one more', async () => (await code(openLiveSocket({ url, token }))) === 'open');
  assert.ok('error' in (await second.ask('watch', { job: 'job-that-never-was' })), 'who is there is answered');
});

const skip = postgresMissing() ?? fleetMissing();

test(
  'two replicas on PostgreSQL and NATS tell their watchers the same, and the load balancer leads those of one that dies to the other',
  { skip },
  async (t) => {
    const postgres = await startPostgres();
    t.after(() => postgres.stop());
    const fleet = await openFleet(t, { storage: await postgres.createDatabase() });
    const { client, token, jobs } = fleet;
    const { id } = await client.create(job);
    const homes = [`${fleet.url.replace('http', 'ws')}/v1/socket`, jobs[1]?.socketsUrl ?? ''];
    const seen = Array.from({ length: 10 }, () => 0);
    const watchers = seen.map((_, watcher) =>
      followBySocket(id, {
        ...{ token, signal: t.signal, urlOf: () => homes[Math.floor(watcher / 5)] ?? '' },
        onEvent: (event) => (seen[watcher] = event.id),
      }),
    );
    const stream = follow(client, id, t.signal);
    await until('some events for each', () => Math.min(...seen) >= 4, 30_000);
    await jobs[0]?.kill();
    const before = Math.max(...seen);
    await until('events after it', () => Math.min(...seen) > before, 30_000);
    await client.act(id, 'cancel');
    const watched = await Promise.all(watchers);
    await stream;
    for (const each of watched) await assertTheSame(client, id, each);
    const [balanced, stayed] = [watched.slice(0, 5), watched.slice(5)];
    assert.ok(balanced.some(({ closes }) => closes[0] === 1006));
    assert.ok(stayed.every(({ closes }) => closes.length === 0));
  },
);
