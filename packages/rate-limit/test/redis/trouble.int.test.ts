import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import type { Charge, Decision } from '@simfleet/rate-limit';
import { openRedisLimiterStore } from '@simfleet/rate-limit/redis';
import {
  freePort,
  recordingLogger,
  redisMissing,
  runningTime,
  startRedis,
  startRedisCluster,
  temporaryDirectory,
  until,
} from '@simfleet/testing';

const skip = redisMissing();
const timeoutMs = 200;
/** Where the server's answer matters and not when it comes. */
const patientMs = 5_000;
const running = runningTime();
const charge: Charge = {
  rule: { name: 'rule', algorithm: 'token-bucket', limit: 1_000, windowMs: 3_600_000 },
  key: 'user',
};

/** Answered at last: a busy machine may let a server answer late. */
const answer = (decide: () => Promise<Decision>): Promise<Decision> =>
  until('the store to answer', () => decide().catch(() => null));

/** It fails with `unavailable`, in time, and says why. */
const assertAway = async (decide: () => Promise<unknown>, why: RegExp): Promise<void> => {
  const started = running();
  await assert.rejects(decide, (error: Error) => {
    assert.equal(errorCode(error), 'unavailable');
    assert.match(error.message, why);
    return true;
  });
  // The time-out, and as much again for a machine that is busy.
  assert.ok(running() - started < 2 * timeoutMs + 100);
};

test('a server that is killed is told of at once, and found again by itself', { skip }, async (t) => {
  const redis = await startRedis(t, { persistent: true });
  const { logger, entries } = recordingLogger();
  const store = await openRedisLimiterStore({ url: redis.url, timeoutMs: patientMs, logger });
  t.after(() => store.close());
  await store.decideOne(charge);
  const underWay = Array.from({ length: 200 }, () => store.decideOne(charge).catch(errorCode));
  await redis.kill();
  for (const result of await Promise.all(underWay)) assert.ok(typeof result === 'object' || result === 'unavailable');
  await assertAway(() => store.decideOne(charge), /connection/);
  await assertAway(() => store.check(), /connection/);
  await redis.restart();
  const again = await answer(() => store.decideOne(charge));
  // Nothing was sent twice, and nothing waited in a queue: what was answered was counted, and at most what was under way beside it.
  assert.ok(again.remaining <= 998 && again.remaining >= 797, `${again.remaining} remain`);
  const told = entries().map(({ message }) => message);
  assert.deepEqual(told, ['The store of rate limits is away', 'The store of rate limits is back']);
});

test('a server that hangs costs no more than the time-out, and its connection is given up', { skip }, async (t) => {
  const redis = await startRedis(t);
  const store = await openRedisLimiterStore({ url: redis.url, timeoutMs });
  t.after(() => store.close());
  let asked = 0;
  const ask = (): Promise<Decision> => {
    asked += 1;
    return store.decideOne(charge);
  };
  await answer(ask);
  redis.pause();
  await Promise.all(Array.from({ length: 200 }, () => assertAway(ask, /in time/)));
  await until('the connection to be given up, so that nobody waits any more', async () => {
    const started = performance.now();
    await assert.rejects(ask, /in time/);
    return performance.now() - started < timeoutMs / 2;
  });
  redis.resume();
  const { remaining } = await answer(ask);
  assert.ok(1_000 - remaining <= asked, `${1_000 - remaining} counted of ${asked}: some were sent twice`);
});

test('no server at the start: the store opens in time, fails, and finds it when it comes', { skip }, async (t) => {
  const redis = await startRedis(t);
  await redis.kill();
  const started = running();
  const store = await openRedisLimiterStore({ url: redis.url, timeoutMs });
  t.after(() => store.close());
  assert.ok(running() - started < 2 * timeoutMs + 100);
  await assertAway(() => store.decideOne(charge), /refused|connection/);
  await redis.restart();
  await until('the store to be there', () =>
    store.check().then(
      () => true,
      () => false,
    ),
  );
});

test(
  'what the server refuses is unavailable with its reason: memory, replicas, passwords, permissions',
  { skip },
  async (t) => {
    const redis = await startRedis(t, { settings: { 'maxmemory-policy': 'noeviction' } });
    const store = await openRedisLimiterStore({ url: redis.url, timeoutMs: patientMs });
    t.after(() => store.close());
    await store.decideOne(charge);
    await redis.cli('CONFIG', 'SET', 'maxmemory', '1');
    await assertAway(() => store.decideOne(charge), /memory/);
    await assertAway(() => store.check(), /memory/);
    await redis.cli('CONFIG', 'SET', 'maxmemory', '0');
    await redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
    await assertAway(() => store.decideOne(charge), /replicas/);
    await redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await redis.cli('ACL', 'SETUSER', 'weak', 'on', '>weak', '~*', '+ping', '+info', '+select', '+client');
    const weak = await openRedisLimiterStore({ url: redis.url.replace('//', '//weak:weak@'), timeoutMs: patientMs });
    t.after(() => weak.close());
    await assertAway(() => weak.decideOne(charge), /may not run/);
    await redis.cli('REPLICAOF', '127.0.0.1', String(await freePort()));
    await assertAway(() => store.decideOne(charge), /replica|connection/);
    await redis.cli('REPLICAOF', 'NO', 'ONE');
    await answer(() => store.decideOne(charge));
  },
);

test('a password is asked, given, wrong, and never told', { skip }, async (t) => {
  const redis = await startRedis(t, { password: 'se/cr:et@1' });
  const { logger, lines } = recordingLogger();
  const good = await openRedisLimiterStore({ url: redis.url, timeoutMs: patientMs, logger });
  const wrong = await openRedisLimiterStore({
    url: redis.url.replace('se%2Fcr', 'guess-me'),
    timeoutMs: patientMs,
    logger,
  });
  const none = await openRedisLimiterStore({ url: `redis://127.0.0.1:${redis.port}/3`, timeoutMs: patientMs, logger });
  t.after(async () => void (await Promise.all([good, wrong, none].map((store) => store.close()))));
  assert.equal((await good.decideOne(charge)).allowed, true);
  await assertAway(() => wrong.decideOne(charge), /password is wrong/);
  await assertAway(() => none.decideOne(charge), /asks for a password/);
  assert.deepEqual(
    [good, none].map(({ description }) => description),
    [`redis 127.0.0.1:${redis.port}`, `redis 127.0.0.1:${redis.port}/3`],
  );
  const errors = await Promise.all([wrong, none].map((store) => store.check().then(String, (error: Error) => error)));
  for (const text of [
    ...lines,
    ...errors.map((error) => JSON.stringify([error, (error as Error).cause, String((error as Error).cause)])),
  ]) {
    assert.doesNotMatch(text, /se\/cr|se%2Fcr|guess-me/);
  }
});

test('rediss: speaks TLS with who the authority signed, and with nobody else', { skip }, async (t) => {
  const { path } = temporaryDirectory(t);
  const file = (name: string): string => join(path, name);
  const openssl = (...words: readonly string[]): void => void execFileSync('openssl', words, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  );
  openssl(
    'req',
    ...newKey,
    '-subj',
    '/CN=redis',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    file('key.pem'),
    '-out',
    file('request'),
  );
  openssl(
    'x509',
    '-req',
    '-days',
    '2',
    '-in',
    file('request'),
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-copy_extensions',
    'copy',
    '-out',
    file('certificate.pem'),
  );
  const tls = { certificate: file('certificate.pem'), key: file('key.pem'), authority: file('ca.pem') };
  const redis = await startRedis(t, { tls, password: 'secret' });
  const trusting = await openRedisLimiterStore({ url: redis.url, tlsCaFile: tls.authority, timeoutMs: patientMs });
  const doubting = await openRedisLimiterStore({ url: redis.url, timeoutMs });
  t.after(async () => void (await Promise.all([trusting.close(), doubting.close()])));
  assert.equal((await trusting.decideOne(charge)).allowed, true);
  assert.equal(trusting.description, `rediss 127.0.0.1:${redis.port}`);
  await assertAway(() => doubting.decideOne(charge), /certificate|connection/);
});

test('a cluster that is whole is there at the first attempt, every time', { skip }, async (t) => {
  const { url } = await startRedisCluster(t);
  const { logger, entries } = recordingLogger();
  for (let time = 0; time < 100; time += 1) {
    const store = await openRedisLimiterStore({ url, timeoutMs: patientMs, logger, partition: ({ key }) => key });
    const users = Array.from({ length: 10 }, (_, user) => ({ ...charge, key: `user ${user}` }));
    await Promise.all(users.map((user) => store.decideOne(user)));
    await store.close();
  }
  assert.deepEqual(entries(), []);
});

test('a node of a cluster that is killed fails its own keys only, and is found again', { skip }, async (t) => {
  const { url, nodes } = await startRedisCluster(t);
  const store = await openRedisLimiterStore({ url, timeoutMs: patientMs, partition: ({ key }) => key });
  t.after(() => store.close());
  const users = Array.from({ length: 30 }, (_, user) => ({ ...charge, key: `user ${user}` }));
  for (const user of users) assert.equal((await store.decideOne(user)).allowed, true);
  await nodes[1]?.kill();
  const results = await Promise.all(users.map((user) => store.decideOne(user).then(() => 'counted', errorCode)));
  assert.ok(results.every((result) => result === 'counted' || result === 'unavailable'));
  assert.ok(results.includes('unavailable'));
  await nodes[1]?.restart();
  await until(
    'all keys to be counted again',
    async () => (await Promise.all(users.map((user) => store.decideOne(user).catch(() => null)))).every(Boolean),
    20_000,
  );
});

test(
  'nothing keeps the process once the store is closed, be the server there, gone or hanging',
  { skip },
  async (t) => {
    const [redis, hanging] = [await startRedis(t), await startRedis(t)];
    hanging.pause();
    const gone = `redis://127.0.0.1:${await freePort()}`;
    for (const url of [redis.url, hanging.url, gone, `${gone}?cluster=true`]) {
      const program = `import { openRedisLimiterStore } from '@simfleet/rate-limit/redis';
      const store = await openRedisLimiterStore({ url: '${url}', timeoutMs: 100 });
      await store.check().catch(() => undefined);
      await store.close();
      await store.close();`;
      const words = ['--input-type=module', '-e', program];
      const run = (): unknown => execFileSync(process.execPath, words, { cwd: import.meta.dirname, timeout: 10_000 });
      assert.doesNotThrow(run, url);
    }
  },
);

test('a URL that cannot be used is refused without repeating it', async () => {
  for (const url of [
    'http://host',
    'redis://',
    'redis://user:@host',
    'redis://:p%@host',
    'redis://a,b/1',
    'redis://host?x=1',
    'redis://host:0',
  ]) {
    await assert.rejects(openRedisLimiterStore({ url }), (error: Error) => {
      assert.equal(errorCode(error), 'invalid-configuration');
      assert.ok(!error.message.includes('p%'));
      return true;
    });
  }
});
