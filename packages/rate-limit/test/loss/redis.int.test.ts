import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test, type TestContext } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import { createMetrics, systemClock } from '@simfleet/runtime';
import { redisMissing, runningTime, silentLogger, startRedis, until } from '@simfleet/testing';
import { guardStore, type GuardedStore, type LossPolicy } from '../../src/index.ts';
import { openMemoryLimiterStore } from '../../src/memory/index.ts';
import { openRedisLimiterStore } from '../../src/redis/index.ts';
import { byName, log, valueOf } from './guarded.ts';

const replicas = 2;
const limit = 60;
/** In which a server that is there answers, on a busy machine too. */
const timeoutMs = 500;
/** Timers are late at times. */
const slackMs = 250;
const running = runningTime();

const openGuard = async (
  test: TestContext,
  url: string,
  { timeoutMs: most = timeoutMs, metrics = createMetrics() } = {},
): Promise<GuardedStore> => {
  const guard = guardStore({
    // Answers that come after the guard's time-out are still heard, and given back.
    store: await openRedisLimiterStore({ url, timeoutMs: 20 * timeoutMs }),
    shares: openMemoryLimiterStore({ clock: systemClock, maxKeys: 1_000 }),
    replicas,
    timeoutMs: most,
    onLoss: byName,
    clock: systemClock,
    metrics,
    logger: silentLogger(),
  });
  test.after(() => guard.close());
  return guard;
};

interface Tally {
  admitted: number;
  refused: number;
  unavailable: number;
  /** By the store, not by a policy. */
  byStore: number;
  slowestMs: number;
}

interface Load {
  readonly tallies: Readonly<Record<LossPolicy, Tally>>;
  stop(): Promise<void>;
}

/** Every client asks some 300 times a second for the one key of its policy. */
const load = (guards: readonly GuardedStore[]): Load => {
  const fresh = (): Tally => ({ admitted: 0, refused: 0, unavailable: 0, byStore: 0, slowestMs: 0 });
  const tallies: Record<LossPolicy, Tally> = { open: fresh(), closed: fresh(), share: fresh() };
  let stopped = false;
  const ask = async (guard: GuardedStore, policy: LossPolicy): Promise<void> => {
    const tally = tallies[policy];
    const started = running();
    try {
      const told = await guard.decideOne({ rule: log(policy, limit), key: 'a' });
      tally[told.allowed ? 'admitted' : 'refused'] += 1;
      if (told.at >= 0) tally.byStore += 1;
    } catch (error) {
      if (errorCode(error) !== 'unavailable') throw error;
      tally.unavailable += 1;
    }
    tally.slowestMs = Math.max(tally.slowestMs, running() - started);
  };
  const client = async (guard: GuardedStore, policy: LossPolicy): Promise<void> => {
    while (!stopped) {
      await ask(guard, policy);
      await systemClock.sleep(3);
    }
  };
  const policies: readonly LossPolicy[] = ['open', 'closed', 'share'];
  const clients = guards.flatMap((guard) =>
    policies.flatMap((policy) => [client(guard, policy), client(guard, policy)]),
  );
  return {
    tallies,
    async stop() {
      stopped = true;
      await Promise.all(clients);
    },
  };
};

const allAre = (guards: readonly GuardedStore[], up: boolean): boolean =>
  guards.every(({ state }) => (state === 'up') === up);

/** Loses the store under load and gives it back; what the load saw. */
const through = async (
  guards: readonly GuardedStore[],
  lose: () => Promise<void>,
  giveBack: () => Promise<void>,
): Promise<Load['tallies']> => {
  const running = load(guards);
  const { closed, share, open } = running.tallies;
  await until('the limits to be met', () => closed.refused > 20 && share.refused > 20 && open.refused > 20);
  for (const { admitted } of [closed, share, open]) assert.equal(admitted, limit);
  await lose();
  await until('every guard to see the loss', () => allAre(guards, false));
  const { unavailable } = closed;
  await until('decisions without the store', () => closed.unavailable > unavailable + 100);
  await giveBack();
  await until('every guard to see the return', () => allAre(guards, true));
  const before = closed.byStore;
  await until('decisions by the store', () => closed.byStore > before + 100);
  await running.stop();
  return running.tallies;
};

void suite('A Redis that is lost under load', { skip: redisMissing() }, () => {
  void test('killed and started again empty: every policy stays within its bound', async (t) => {
    const redis = await startRedis(t);
    const guards = [await openGuard(t, redis.url), await openGuard(t, redis.url)];
    const tallies = await through(guards, redis.kill, redis.restart);
    const { closed, share, open } = tallies;
    assert.equal(closed.admitted, 2 * limit, 'limit before, limit of the empty store after');
    assert.equal(share.admitted, 2 * limit + limit, 'and the shares of two replicas');
    assert.ok(open.admitted > 3 * limit, 'open admits whatever comes');
    assert.equal(open.unavailable + share.unavailable, 0);
    for (const { slowestMs } of Object.values(tallies)) assert.ok(slowestMs < timeoutMs + slackMs, `${slowestMs} ms`);
  });

  void test('stopped in its tracks and woken: nobody waits longer than the time-out, nothing is forgotten', async (t) => {
    const redis = await startRedis(t);
    const guards = [await openGuard(t, redis.url), await openGuard(t, redis.url)];
    const tallies = await through(
      guards,
      async () => redis.pause(),
      async () => redis.resume(),
    );
    const { closed, share } = tallies;
    assert.equal(closed.admitted, limit);
    assert.equal(share.admitted, limit + replicas * Math.floor(limit / replicas));
    for (const { slowestMs } of Object.values(tallies)) assert.ok(slowestMs < timeoutMs + slackMs, `${slowestMs} ms`);
  });

  void test('not there at the start: rules do as their policies say, and the store is found when it comes', async (t) => {
    const redis = await startRedis(t);
    await redis.kill();
    const guard = await openGuard(t, redis.url);
    for (let n = 0; n < 10; n += 1) {
      assert.equal((await guard.decideOne({ rule: log('open', limit), key: 'a' })).allowed, true);
      await assert.rejects(
        async () => guard.decideOne({ rule: log('closed', limit), key: 'a' }),
        (error) => errorCode(error) === 'unavailable',
      );
    }
    assert.equal(guard.state, 'away');
    await assert.rejects(() => guard.check());
    await redis.restart();
    await until('the store to be found', () => guard.state === 'back');
    assert.ok((await guard.decideOne({ rule: log('closed', limit), key: 'a' })).at >= 0);
    assert.equal(guard.state, 'up');
    await guard.check();
  });

  void test('a process that stands still for longer than the time-out takes no answered decision for a lost one', async (t) => {
    const redis = await startRedis(t);
    const metrics = createMetrics();
    const guard = await openGuard(t, redis.url, { timeoutMs: 250, metrics });
    const charge = { rule: log('closed', 100_000), key: 'a' };
    const standStill = (): void => {
      const end = performance.now() + 400;
      // Once it answers this, it has answered all that was sent before.
      execFileSync('redis-cli', ['-p', String(redis.port), 'PING']);
      while (performance.now() < end);
    };
    const aHundred = () => Array.from({ length: 100 }, () => guard.decideOne(charge));
    /** When it stands still: between what is asked and its being sent, with the answers in the socket, and just after some have been read. */
    const moments: readonly (() => Promise<void>)[] = [
      async () => undefined,
      () => new Promise((resolve) => setImmediate(resolve)),
      async () => void (await guard.decideOne(charge)),
    ];
    for (const moment of moments) {
      for (let round = 0; round < 2; round += 1) {
        const asked = aHundred();
        await moment();
        standStill();
        asked.push(...aHundred());
        for (const answer of asked) {
          const { allowed, at } = await answer;
          assert.ok(allowed && at >= 0);
        }
        assert.equal(guard.state, 'up');
      }
    }
    assert.equal(await valueOf(metrics, 'simfleet_rate_limit_store_failures_total', { kind: 'timeout' }), 0);
    assert.equal((await guard.decideOne(charge)).remaining, 100_000 - 1_203, 'each was counted once');
  });

  void test('is closed while it is lost, between two attempts to reach it', async (t) => {
    const redis = await startRedis(t);
    const looking = await openRedisLimiterStore({ url: redis.url });
    await redis.kill();
    await until('the connection to be gone', () =>
      looking.check().then(
        () => false,
        () => true,
      ),
    );
    await looking.close();
    await looking.close();
  });
});
