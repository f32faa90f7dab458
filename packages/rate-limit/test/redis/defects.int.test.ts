// Defects that were reproduced in well-known limiters on Redis: ours must not have one of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rule } from '@simfleet/rate-limit';
import { openRedisLimiterStore, type RedisLimiterOptions, type RedisLimiterStore } from '@simfleet/rate-limit/redis';
import { redisMissing, startRedis, startRedisCluster, startValkey, until, type TestRedis } from '@simfleet/testing';
import { chargeOf, everyRule } from '../../src/contract/suite.ts';

const skip = redisMissing();
type Test = Parameters<typeof startRedis>[0];

const open = async (
  t: Test,
  { url }: Pick<TestRedis, 'url'>,
  more: Partial<RedisLimiterOptions> = {},
): Promise<RedisLimiterStore> => {
  const store = await openRedisLimiterStore({ url, timeoutMs: 5_000, ...more });
  t.after(() => store.close());
  return store;
};

const keysOf = async (redis: TestRedis): Promise<readonly string[]> =>
  (await redis.cli('KEYS', '*')).split('\n').filter((key) => key !== '');

/** Every key must expire, and not much later than it is needed. */
const assertAllExpire = async (redis: TestRedis, mostMs: number): Promise<void> => {
  const script = `local bad = {}
    for _, key in ipairs(redis.call('KEYS', '*')) do
      local ms = redis.call('PTTL', key)
      if ms == -1 or ms > tonumber(ARGV[1]) then bad[#bad + 1] = key .. ' lives ' .. ms .. ' ms' end
    end
    return bad`;
  assert.equal(await redis.cli('EVAL', script, '0', String(mostMs)), '');
};

test(
  'every key expires: windows below a second, fractions, forced charges, refunds, leases of any weight, long logs',
  { skip },
  async (t) => {
    const redis = await startRedis(t);
    const store = await open(t, redis);
    for (const windowMs of [1, 500, 1_500]) {
      for (const rule of everyRule(300, windowMs)) {
        for (const cost of [1, 0.5, 40]) {
          const charge = chargeOf(rule, `key ${windowMs}`, { cost });
          const { at } = await store.decideOne(charge);
          await assertAllExpire(redis, 9_000);
          await store.refund(chargeOf(rule, `key ${windowMs}`, { ...charge, cost: cost / 2 }), at);
          await assertAllExpire(redis, 9_000);
        }
        await store.decideOne(chargeOf(rule, `forced ${windowMs}`, { cost: 301, force: true }));
        for (let count = 0; count < 140; count += 1) await store.decideOne(chargeOf(rule, `many ${windowMs}`));
      }
    }
    await assertAllExpire(redis, 9_000);
    assert.notEqual((await keysOf(redis)).length, 0);
    await until('all keys to go', async () => (await keysOf(redis)).length === 0, 15_000);
  },
);

test('a window of half a second ends: nobody is blocked for ever', { skip }, async (t) => {
  const store = await open(t, await startRedis(t));
  for (const rule of everyRule(2, 500)) {
    assert.deepEqual(
      [await store.decideOne(chargeOf(rule, 'user')), await store.decideOne(chargeOf(rule, 'user'))].map(
        (one) => one.allowed,
      ),
      [true, true],
    );
  }
  for (const rule of everyRule(2, 500)) {
    await until(
      `${rule.name} to admit again`,
      async () => (await store.decideOne(chargeOf(rule, 'user'))).allowed,
      5_000,
    );
  }
});

test('a refused charge is not written: not a byte of any key changes', { skip }, async (t) => {
  const redis = await startRedis(t);
  const store = await open(t, redis);
  for (const rule of everyRule(10, 3_600_000)) {
    const admitted = await store.decideOne(chargeOf(rule, 'user', { cost: 8 }));
    assert.equal(admitted.allowed, true);
    const key = `{simfleet-limits}${rule.name}:user`;
    const before = await redis.cli('DUMP', key);
    for (let attempt = 0; attempt < 20; attempt += 1) {
      assert.equal((await store.decideOne(chargeOf(rule, 'user', { cost: 8 }))).allowed, false);
    }
    assert.equal(await redis.cli('DUMP', key), before);
    assert.equal((await store.decideOne(chargeOf(rule, 'user', { cost: 1 }))).allowed, true);
  }
});

for (const [name, missing, start] of [
  ['Redis 7.0', skip, startRedis],
  ['Valkey', redisMissing('valkey'), startValkey],
] as const) {
  test(`a stock ${name} takes every script, from none loaded`, { skip: missing }, async (t) => {
    const server = await start(t);
    const store = await open(t, server);
    for (const rule of everyRule(10, 60_000)) {
      const charge = chargeOf(rule, 'user');
      for (const act of ['decideOne', 'peek'] as const) {
        await server.cli('SCRIPT', 'FLUSH');
        assert.equal((await store[act](charge)).allowed, true);
      }
      await server.cli('SCRIPT', 'FLUSH');
      await store.refund(charge, Date.now());
    }
    await server.cli('SCRIPT', 'FLUSH');
    const together = await store.decide(everyRule(10, 60_000).map((rule) => chargeOf(rule, 'together')));
    assert.deepEqual(
      together.map(({ allowed }) => allowed),
      Array.from({ length: 6 }, () => true),
    );
  });
}

test('scripts that are flushed under load count each decision once', { skip }, async (t) => {
  const redis = await startRedis(t);
  const store = await open(t, redis);
  const rule: Rule = { name: 'rule', algorithm: 'fixed-window', limit: 1_000_000, windowMs: 3_600_000 };
  const charge = chargeOf(rule, 'user');
  let decided = 0;
  for (let round = 0; round < 10; round += 1) {
    const some = Array.from({ length: 50 }, () => store.decideOne(charge));
    await redis.cli('SCRIPT', 'FLUSH');
    decided += (await Promise.all(some)).length;
  }
  assert.equal((await store.peek({ ...charge, cost: 0 })).remaining, 1_000_000 - decided);
});

test('clocks of clients that are hours apart grant nothing', { skip }, async (t) => {
  const redis = await startRedis(t);
  const [early, late] = [await open(t, redis), await open(t, redis)];
  const [rule] = everyRule(5, 3_600_000);
  assert.ok(rule !== undefined);
  const realNow = Date.now;
  t.after(async () => void (Date.now = realNow));
  let admitted = 0;
  for (let attempt = 0; attempt < 10; attempt += 1) {
    Date.now = () => realNow() + (attempt % 2 === 0 ? -7 : 7) * 3_600_000;
    const { allowed, at } = await (attempt % 2 === 0 ? early : late).decideOne(chargeOf(rule, 'user'));
    assert.ok(Math.abs(at - realNow()) < 60_000);
    if (allowed) admitted += 1;
  }
  Date.now = realNow;
  assert.equal(admitted, 5);
});

test('one command a decision, also for several rules together; so says the server', { skip }, async (t) => {
  const redis = await startRedis(t);
  const store = await open(t, redis);
  const all = everyRule(1_000, 60_000);
  const everything = (): Promise<unknown> =>
    Promise.all([
      ...all.map((rule) => store.decideOne(chargeOf(rule, 'user'))),
      store.decide(all.map((rule) => chargeOf(rule, 'together'))),
    ]);
  await everything();
  await redis.cli('CONFIG', 'RESETSTAT');
  for (let round = 0; round < 20; round += 1) await everything();
  const stats = await redis.cli('INFO', 'commandstats');
  const callsOf = (name: string): number => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  assert.equal(callsOf('evalsha'), 20 * 7);
  assert.deepEqual(['eval', 'script\\|load', 'multi', 'ping'].map(callsOf), [0, 0, 0, 0]);
});

test(
  'a log is bounded: cut off while it is used, and a rule that could grow without bound is refused',
  { skip },
  async (t) => {
    const redis = await startRedis(t);
    let ms = 1_800_000_000_000;
    const store = await open(t, redis, { now: () => ms });
    const rule: Rule = { name: 'log', algorithm: 'sliding-log', limit: 200, windowMs: 1_000 };
    let longest = 0;
    for (let step = 0; step < 4_000; step += 1) {
      ms += 5;
      await store.decideOne(chargeOf(rule, 'user'));
      if (step % 50 === 0) longest = Math.max(longest, Number(await redis.cli('STRLEN', '{simfleet-limits}log:user')));
    }
    // 200 live records of 16 bytes, at most as many dead ones, and the tail.
    assert.ok(longest <= 65 + 2 * 201 * 16, `${longest} bytes`);
    const immense: Rule = { name: 'log', algorithm: 'sliding-log', limit: 1e6, windowMs: 3_600_000 };
    await assert.rejects(store.decideOne(chargeOf(immense, 'user')), { code: 'invalid-request' });
  },
);

test('what is decided together is of one partition, or refused before anything is sent', { skip }, async (t) => {
  const { url, nodes } = await startRedisCluster(t);
  const store = await open(t, { url }, { partition: ({ key }) => key });
  const [first, second] = everyRule(5, 60_000) as [Rule, Rule];
  const together = await store.decide([chargeOf(first, 'user}'), chargeOf(second, 'user}')]);
  assert.deepEqual(
    together.map(({ allowed }) => allowed),
    [true, true],
  );
  await assert.rejects(async () => store.decide([chargeOf(first, 'one'), chargeOf(second, 'two')]), {
    code: 'invalid-request',
  });
  for (let user = 0; user < 50; user += 1) await store.decideOne(chargeOf(first, `user ${user}`));
  for (const node of nodes) assert.notEqual((await keysOf(node)).length, 0);
});
