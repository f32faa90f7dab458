import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import { guardStore, type Decision, type Rule } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { openRedisLimiterStore } from '@simfleet/rate-limit/redis';
import { createMetrics, systemClock } from '@simfleet/runtime';
import { freePort, redisMissing, silentLogger, startRedis, until } from '@simfleet/testing';

const skip = redisMissing();

test('a URL of sentinels names a master, and no other parameter than their password', async () => {
  for (const rest of ['', '/', '/name/x', '/a%20name', '/name?cluster=true', '/name/70000000']) {
    await assert.rejects(
      openRedisLimiterStore({ url: `redis+sentinel://:secret@127.0.0.1:26379${rest}` }),
      (error: Error) => errorCode(error) === 'invalid-configuration' && !error.message.includes('secret'),
    );
  }
});

test('sentinels that are away make a store that is away', { skip }, async (t) => {
  const url = `redis+sentinel://127.0.0.1:${await freePort()},127.0.0.1:${await freePort()}/limits`;
  const store = await openRedisLimiterStore({ url, timeoutMs: 200 });
  t.after(() => store.close());
  assert.match(store.description, /^redis limits by sentinels 127\.0\.0\.1:\d+,127\.0\.0\.1:\d+$/);
  await assert.rejects(store.check(), (error: Error) => {
    assert.match(error.message, /no sentinel tells/);
    return errorCode(error) === 'unavailable';
  });
});

test('when the master is killed, the promoted replica goes on from what was replicated', { skip }, async (t) => {
  const password = 'of the servers';
  const auth = { masterauth: JSON.stringify(password), 'repl-diskless-sync-delay': '0' };
  const master = await startRedis(t, { password, settings: auth });
  const replica = await startRedis(t, { password, settings: { ...auth, replicaof: `127.0.0.1 ${master.port}` } });
  await until('the replica to follow', async () =>
    (await replica.cli('INFO', 'replication')).includes('master_link_status:up'),
  );
  const sentinel = await startRedis(t, {
    sentinel: true,
    password: 'of the sentinel',
    settings: {
      'sentinel monitor': `limits 127.0.0.1 ${master.port} 1`,
      'sentinel auth-pass': `limits ${JSON.stringify(password)}`,
      'sentinel down-after-milliseconds': 'limits 500',
      'sentinel failover-timeout': 'limits 5000',
    },
  });
  await until('the sentinel to know the replica', async () =>
    (await sentinel.cli('SENTINEL', 'replicas', 'limits')).includes(String(replica.port)),
  );
  // The first of the list is not there.
  const servers = `127.0.0.1:${await freePort()},127.0.0.1:${sentinel.port}`;
  const url = `redis+sentinel://:${encodeURIComponent(password)}@${servers}/limits?sentinelPassword=of%20the%20sentinel`;
  const guard = guardStore({
    store: await openRedisLimiterStore({ url, timeoutMs: 2_500 }),
    shares: openMemoryLimiterStore({ clock: systemClock }),
    ...{ replicas: 1, timeoutMs: 250, clock: systemClock, metrics: createMetrics(), logger: silentLogger() },
    onLoss: () => 'closed',
  });
  t.after(() => guard.close());
  const rule: Rule = { name: 'calls', algorithm: 'sliding-log', limit: 100, windowMs: 3_600_000 };
  const ask = async (): Promise<Decision> => guard.decideOne({ rule, key: 'user' });
  let admitted = 0;
  for (; admitted < 40; admitted += 1) assert.ok((await ask()).allowed);
  assert.equal(await master.cli('WAIT', '1', '5000'), '1', 'all of it is replicated');

  await master.kill();
  await until('the loss to be seen', () =>
    ask().then(
      () => false,
      (error: unknown) => errorCode(error) === 'unavailable',
    ),
  );
  const again = await until('the promoted replica to decide', () => ask().catch(() => null), 30_000);
  assert.equal(again.remaining, 59, 'it knows the 40');
  assert.ok((await replica.cli('INFO', 'replication')).includes('role:master'));

  await master.restart();
  await until(
    'the old master to follow the new one',
    async () => (await master.cli('INFO', 'replication')).includes(`master_port:${replica.port}`),
    30_000,
  );
  for (admitted = 41; (await ask()).allowed;) admitted += 1;
  assert.equal(admitted, 100, 'exactly the limit over the failover');
});
