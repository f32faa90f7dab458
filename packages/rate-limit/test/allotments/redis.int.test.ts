import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { Clock } from '@simfleet/runtime';
import { fakeClock, redisMissing, startRedis, until, type FakeClock, type TestRedis } from '@simfleet/testing';
import { allotStore, mostUnits, type AllottedStore, type SlidingLogRule } from '../../src/index.ts';
import { openRedisLimiterStore } from '../../src/redis/index.ts';
import { left } from '../loss/faulty-store.ts';

/** Longer than the test: what is admitted above the limit is admitted wrongly. */
const rule: SlidingLogRule = { name: 'hot', algorithm: 'sliding-log', limit: 1_500, windowMs: 120_000 };
const allotment = { share: 0.04, hotPerSecond: 50 };

const open = async (
  test: TestContext,
  redis: TestRedis,
  { clock, allotted = true }: { readonly clock: Clock; readonly allotted?: boolean },
): Promise<AllottedStore> => {
  const store = await openRedisLimiterStore({ url: redis.url, timeoutMs: 5_000 });
  const made = allotStore({ store, clock, allot: () => (allotted ? allotment : null) });
  test.after(() => made.close());
  return made;
};

/** Scripts that the server has run. */
const scriptsRun = async (redis: TestRedis): Promise<number> => {
  const stats = await redis.cli('INFO', 'commandstats');
  const counts = [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].map(([, calls]) => Number(calls));
  return counts.reduce((sum, calls) => sum + calls, 0);
};

interface Tally {
  asked: number;
  admitted: number;
}

/** Each asks one at a time, every two milliseconds of their clock, until `enough`. */
const ask = async (
  stores: readonly AllottedStore[],
  clock: FakeClock,
  tally: Tally,
  enough: () => boolean,
): Promise<void> => {
  while (!enough()) {
    tally.asked += stores.length;
    const decisions = await Promise.all(stores.map(async (store) => store.decideOne({ rule, key: 'a' })));
    tally.admitted += decisions.filter(({ allowed }) => allowed).length;
    await clock.advance(2);
  }
};

void suite('Two processes with allotments on one Redis', { skip: redisMissing() }, () => {
  void test('ask it a fraction as often, admit no more, and give back what they hold', async (t) => {
    const redis = await startRedis(t);
    const clock = fakeClock();
    const stores = [await open(t, redis, { clock }), await open(t, redis, { clock })];
    const tally: Tally = { asked: 0, admitted: 0 };
    const both = (enough: () => boolean) => ask(stores, clock, tally, enough);
    await both(() => tally.asked >= 700);
    const [before, asked] = [await scriptsRun(redis), tally.asked];
    await both(() => tally.asked >= asked + 600);
    const trips = (await scriptsRun(redis)) - before;
    // Some 60 units at a time are allotted; what is not used in half of the time for which they are held is less.
    assert.ok(trips <= (tally.asked - asked) / 5, `${trips} scripts for ${tally.asked - asked} decisions`);
    assert.equal(tally.admitted, tally.asked);
    await until('what is held to be given back', async () => {
      await clock.advance(100);
      return stores.every(({ held }) => held === 0);
    });
    const probe = await open(t, redis, { clock, allotted: false });
    await until('it to come back', async () => (await left(probe, rule, 'a')) === rule.limit - tally.admitted);
    await both(() => tally.asked > tally.admitted + 200);
    assert.ok(tally.admitted <= rule.limit, `${tally.admitted} admitted`);
    const bound = stores.length * mostUnits(rule, allotment);
    assert.ok(tally.admitted >= rule.limit - bound, `${tally.admitted} admitted while others held ${bound} at most`);
  });
});
