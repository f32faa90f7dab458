import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fakeClock, type FakeClock } from '@simfleet/testing';
import {
  allotStore,
  mostUnits,
  type Allotment,
  type AllottedStore,
  type Decision,
  type LimiterStore,
  type SlidingLogRule,
  type TokenBucketRule,
} from '../../src/index.ts';
import { openMemoryLimiterStore } from '../../src/memory/index.ts';
import { faultyStore, left, type FaultyStore } from '../loss/faulty-store.ts';
import { guardBench, log, lose, recover } from '../loss/guarded.ts';

const rule: SlidingLogRule = { name: 'hot-log', algorithm: 'sliding-log', limit: 1_000, windowMs: 10_000 };
const cold: SlidingLogRule = { ...rule, name: 'cold-log' };
const allotment: Allotment = { share: 0.05, hotPerSecond: 20 };

interface Bench {
  readonly clock: FakeClock;
  readonly inner: LimiterStore;
  readonly between: FaultyStore;
  readonly allotted: AllottedStore;
}

const bench = (inner?: LimiterStore, clock = fakeClock(), maxKeys?: number): Bench => {
  const store = inner ?? openMemoryLimiterStore({ clock });
  const between = faultyStore(store, clock);
  const allot = (asked: { readonly name: string }) => (asked.name.startsWith('hot') ? allotment : null);
  const allotted = allotStore({ store: between, clock, allot, ...(maxKeys === undefined ? {} : { maxKeys }) });
  return { clock, inner: store, between, allotted };
};

const charge = async ({ allotted }: Bench, asked: SlidingLogRule): Promise<Decision> =>
  allotted.decideOne({ rule: asked, key: 'a' });

/** Charges one every so many milliseconds and counts what was admitted. */
const stream = async ({ clock, allotted }: Bench, times: number, everyMs: number, key = 'a'): Promise<number> => {
  let admitted = 0;
  for (let n = 0; n < times; n += 1) {
    if ((await allotted.decideOne({ rule, key })).allowed) admitted += 1;
    await clock.advance(everyMs);
  }
  return admitted;
};

void suite('Allotments of hot keys', () => {
  void test('save about as many round trips as units are taken at once', async () => {
    const all = bench();
    assert.equal(await stream(all, 500, 10), 500);
    // 100 a second, held for half a second: 25 units at a time, taken again when a quarter is left.
    const hot = all.between.calls;
    await stream(all, 400, 10);
    const trips = all.between.calls - hot;
    assert.ok(trips <= 400 / 15, `${trips} calls for 400 decisions`);
    await all.allotted.close();
    assert.equal(all.clock.waiting, 0);
  });

  void test('do not touch keys that are not hot, rules without them, and charges that are forced', async () => {
    const all = bench();
    await stream(all, 50, 100);
    assert.equal(all.between.calls, 50);
    for (let n = 0; n < 100; n += 1) await all.allotted.decideOne({ rule: cold, key: 'a' });
    assert.equal(all.between.calls, 150);
    await stream(all, 100, 1);
    const asked = all.between.calls;
    for (let n = 0; n < 5; n += 1) await all.allotted.decideOne({ rule, key: 'a', force: true });
    assert.ok(all.between.calls - asked >= 5);
    await all.allotted.close();
  });

  void test('give back what is not spent, in time and at the end', async () => {
    const all = bench();
    await stream(all, 300, 5);
    assert.ok(all.allotted.held > 0);
    assert.ok((await left(all.inner, rule, 'a')) < 700);
    await all.clock.advance(700);
    assert.equal(all.allotted.held, 0);
    assert.equal(await left(all.inner, rule, 'a'), 700);
    await stream(all, 100, 5);
    assert.ok(all.allotted.held > 0);
    await all.allotted.close();
    assert.equal(await left(all.inner, rule, 'a'), 600);
  });

  void test('are watched for a bounded number of keys, and forget those that went quiet', async () => {
    const all = bench(undefined, fakeClock(), 100);
    for (let n = 0; n < 1_000; n += 1) await all.allotted.decideOne({ rule, key: `key ${n}` });
    assert.equal(all.allotted.watched, 100);
    await all.clock.advance(2_200);
    assert.equal(all.allotted.watched, 0);
    assert.equal(all.clock.waiting, 0, 'nothing looks any more');
  });

  void test('decide several charges here when all of them are held, and by the store otherwise', async () => {
    const all = bench();
    const other: SlidingLogRule = { ...rule, name: 'hot-other' };
    for (let n = 0; n < 100; n += 1) {
      await all.allotted.decide([
        { rule, key: 'a' },
        { rule: other, key: 'a' },
      ]);
      await all.clock.advance(5);
    }
    const before = all.between.calls;
    assert.ok(before < 80, `${before} calls`);
    for (let n = 0; n < 5; n += 1) {
      await all.allotted.decide([
        { rule, key: 'a' },
        { rule: cold, key: 'a' },
      ]);
    }
    assert.ok(all.between.calls >= before + 5);
    await all.allotted.close();
    for (const one of [rule, other]) {
      const remaining = await left(all.inner, one, 'a');
      assert.equal(remaining, one === rule ? 895 : 900, one.name);
    }
  });

  void test('refund an admission that was made here', async () => {
    const all = bench();
    await stream(all, 100, 5);
    const before = all.between.calls;
    const told = await all.allotted.decideOne({ rule, key: 'a' });
    assert.equal(all.between.calls, before, 'decided here');
    assert.ok(told.remaining > 800 && told.remaining < 900, `${told.remaining}`);
    await all.allotted.refund({ rule, key: 'a' }, told.at);
    await all.allotted.close();
    assert.equal(await left(all.inner, rule, 'a'), 900);
  });

  void test('go back when the rule changes, and away when the key is reset', async () => {
    const all = bench();
    await stream(all, 100, 5);
    await all.allotted.decideOne({ rule: { ...rule, limit: 2_000 }, key: 'a' });
    await all.clock.advance(0);
    assert.equal(await left(all.inner, rule, 'a'), 899);
    await stream(all, 100, 5, 'b');
    await all.allotted.reset(rule, 'b');
    await all.clock.advance(1_000);
    assert.equal(await left(all.inner, rule, 'b'), 1_000);
    await all.allotted.close();
  });

  void test('hold a cost whole, or the store is asked', async () => {
    const all = bench();
    await stream(all, 100, 5);
    const { held } = all.allotted;
    const asked = all.between.calls;
    const told = await all.allotted.decideOne({ rule, key: 'a', cost: held + 1 });
    assert.equal(told.allowed, true);
    assert.equal(all.between.calls, asked + 1);
    assert.equal(all.allotted.held, held);
    await all.allotted.close();
    assert.equal(await left(all.inner, rule, 'a'), 900 - held - 1);
  });

  void test('of a bucket that is reset do not come back to it', async () => {
    const all = bench();
    const slow: TokenBucketRule = { name: 'hot-bucket', algorithm: 'token-bucket', limit: 1_000, windowMs: 36_000_000 };
    for (let n = 0; n < 100; n += 1) {
      await all.allotted.decideOne({ rule: slow, key: 'a' });
      await all.clock.advance(5);
    }
    assert.ok(all.allotted.held > 0);
    await all.allotted.reset(slow, 'a');
    await all.inner.decideOne({ rule: slow, key: 'a', cost: 500 });
    await all.clock.advance(1_000);
    assert.equal(await left(all.inner, slow, 'a'), 500);
    await all.allotted.close();
  });

  void test('that are under way when the key is dropped, or the store closed, go back', async () => {
    for (const drop of ['change', 'close'] as const) {
      const all = bench();
      all.between.trouble = 20;
      const answers: Promise<Decision>[] = [];
      for (let n = 0; n < 40; n += 1) answers.push(charge(all, rule));
      // The answers come and with the first of them a take is sent.
      await all.clock.advance(20);
      assert.equal((await Promise.all(answers)).length, 40);
      assert.ok((await left(all.inner, rule, 'a')) < 960, 'units are under way');
      if (drop === 'change') answers.push(charge(all, { ...rule, limit: 2_000 }));
      let closed = false;
      const closing = drop === 'close' ? all.allotted.close().then(() => (closed = true)) : null;
      await all.clock.advance(59);
      assert.equal(closed, false, 'take, refund and close take 20 ms each');
      await all.clock.advance(1);
      assert.equal(closed, drop === 'close');
      assert.equal(await left(all.inner, rule, 'a'), drop === 'change' ? 959 : 960);
      await closing;
      if (drop === 'change') {
        const end = all.allotted.close();
        await all.clock.advance(100);
        await end;
      }
    }
  });

  void test('shrink as the limit comes near, so that other processes are not refused what nobody uses', async () => {
    const all = bench();
    await stream(all, 400, 1);
    for (let n = 0; n < 570; n += 1) {
      await all.allotted.decideOne({ rule, key: 'a' });
      await all.clock.advance(1);
    }
    const remaining = await left(all.inner, rule, 'a');
    assert.ok(
      all.allotted.held <= (remaining + all.allotted.held) / 4 + 1,
      `${all.allotted.held} held, ${remaining} left`,
    );
    assert.equal(await stream(all, 100, 1), 30);
    await all.allotted.close();
  });

  void test('are at most half of the limit or the burst, and never of leases', () => {
    const bucket: TokenBucketRule = { name: 'b', algorithm: 'token-bucket', limit: 1_000, burst: 30, windowMs: 1_000 };
    assert.equal(mostUnits(rule, { share: 0.9 }), 500);
    assert.equal(mostUnits(bucket, { share: 0.1 }), 3);
    assert.equal(mostUnits({ name: 'l', algorithm: 'leaky-bucket', limit: 1_000, windowMs: 1_000 }, { share: 0.5 }), 0);
    assert.equal(mostUnits({ name: 'c', algorithm: 'concurrency', limit: 10, leaseMs: 1_000 }, { share: 0.5 }), 0);
  });

  void test('are not made of what was admitted without the store', async () => {
    for (const policy of ['open', 'share'] as const) {
      const guarded = guardBench({ replicas: 1 });
      const { clock, guard } = guarded;
      const allotted = allotStore({ store: guard, clock, allot: () => allotment });
      const lossy = log(policy, 1_000);
      for (let n = 0; n < 100; n += 1) {
        await allotted.decideOne({ rule: lossy, key: 'a' });
        await clock.advance(5);
      }
      assert.ok(allotted.held > 0);
      await lose(guarded);
      for (let n = 0; n < 200; n += 1) {
        await allotted.decideOne({ rule: lossy, key: 'a' });
        await clock.advance(0);
      }
      assert.ok((await allotted.decideOne({ rule: lossy, key: 'a' })).at < 0);
      assert.equal(allotted.held, 0);
      await recover(guarded);
      assert.ok((await allotted.decideOne({ rule: lossy, key: 'a' })).at >= 0);
      await allotted.close();
    }
  });

  void test('are not taken while the store is lost, and what is held goes on', async () => {
    const all = bench();
    await stream(all, 100, 5);
    all.between.trouble = 'refuses';
    const held = Math.floor(all.allotted.held);
    assert.ok(held > 1);
    for (let n = 0; n < held; n += 1) assert.equal((await all.allotted.decideOne({ rule, key: 'a' })).allowed, true);
    await assert.rejects(async () => all.allotted.decideOne({ rule, key: 'a' }));
    all.between.trouble = 'none';
    await all.allotted.close();
  });
});

void suite('A refusal is remembered', () => {
  const small: SlidingLogRule = { ...rule, name: 'hot-small', limit: 3, windowMs: 600 };

  void test('until the store would admit again, and no longer', async () => {
    const all = bench();
    for (let n = 0; n < 3; n += 1) await all.allotted.decideOne({ rule: small, key: 'a' });
    await all.clock.advance(100);
    const first = await all.allotted.decideOne({ rule: small, key: 'a' });
    assert.deepEqual([first.allowed, first.retryAfterMs], [false, 500]);
    const asked = all.between.calls;
    for (let passed = 0; passed < 500; passed += 1) {
      const again = await all.allotted.decideOne({ rule: small, key: 'a' });
      assert.deepEqual([again.allowed, again.retryAfterMs], [false, 500 - passed]);
      await all.clock.advance(1);
    }
    assert.equal(all.between.calls, asked);
    assert.equal((await all.allotted.decideOne({ rule: small, key: 'a' })).allowed, true);
    await all.allotted.close();
  });

  void test('from when the store was asked, however late it answered', async () => {
    const all = bench();
    for (let n = 0; n < 3; n += 1) await all.allotted.decideOne({ rule: small, key: 'a' });
    all.between.trouble = 50;
    const refused = all.allotted.decideOne({ rule: small, key: 'a' });
    await all.clock.advance(50);
    assert.equal((await refused).retryAfterMs, 600);
    const told = await all.allotted.decideOne({ rule: small, key: 'a' });
    assert.equal(told.retryAfterMs, 600, 'longer than needed by what the answer took, never shorter');
    all.between.trouble = 'none';
    await all.clock.advance(550);
    assert.equal((await all.allotted.decideOne({ rule: small, key: 'a' })).allowed, true);
    await all.allotted.close();
  });

  void test('not when a share refused it: the store may be back at any time', async () => {
    const guarded = guardBench({ replicas: 1 });
    const { clock, guard, faulty } = guarded;
    const allotted = allotStore({ store: guard, clock, allot: () => allotment });
    const lossy = log('share', 2);
    await lose(guarded);
    for (let n = 0; n < 2; n += 1) await allotted.decideOne({ rule: lossy, key: 'a' });
    assert.equal((await allotted.decideOne({ rule: lossy, key: 'a' })).allowed, false);
    faulty.trouble = 'none';
    await clock.advance(100);
    assert.equal((await allotted.decideOne({ rule: lossy, key: 'a' })).allowed, true);
    await allotted.close();
  });

  void test('for its cost and more, and not after a refund or a reset', async () => {
    const all = bench();
    const told = await all.allotted.decideOne({ rule: small, key: 'a', cost: 2 });
    assert.equal((await all.allotted.decideOne({ rule: small, key: 'a', cost: 2 })).allowed, false);
    assert.equal((await all.allotted.decideOne({ rule: small, key: 'a' })).allowed, true);
    const asked = all.between.calls;
    assert.equal((await all.allotted.decideOne({ rule: small, key: 'a', cost: 2 })).allowed, false);
    assert.equal(all.between.calls, asked, 'a smaller cost that fitted says nothing about it');
    assert.equal((await all.allotted.decideOne({ rule: small, key: 'a' })).allowed, false);
    await all.allotted.refund({ rule: small, key: 'a', cost: 2 }, told.at);
    assert.equal((await all.allotted.decideOne({ rule: small, key: 'a', cost: 2 })).allowed, true);
    assert.equal((await all.allotted.decideOne({ rule: small, key: 'a' })).allowed, false);
    await all.allotted.reset(small, 'a');
    assert.equal((await all.allotted.decideOne({ rule: small, key: 'a' })).allowed, true);
    await all.allotted.close();
  });

  void test('not for longer than a second, as another process may have given back', async () => {
    const all = bench();
    const long: SlidingLogRule = { ...small, windowMs: 60_000 };
    for (let n = 0; n < 4; n += 1) await all.allotted.decideOne({ rule: long, key: 'a' });
    await all.inner.reset(long, 'a');
    await all.clock.advance(999);
    assert.equal((await all.allotted.decideOne({ rule: long, key: 'a' })).allowed, false);
    await all.clock.advance(1);
    assert.equal((await all.allotted.decideOne({ rule: long, key: 'a' })).allowed, true);
    await all.allotted.close();
  });

  void test('ask the store for what is not held alone, and hold on to the rest when it refuses', async () => {
    const all = bench();
    await stream(all, 300, 5);
    const { held } = all.allotted;
    assert.ok(held > 2);
    const other = { ...cold, limit: 1 };
    const before = await left(all.inner, other, 'b');
    const both = [
      { rule, key: 'a' },
      { rule: other, key: 'b' },
    ];
    const answers = async () => (await all.allotted.decide(both)).map(({ allowed }) => allowed);
    assert.deepEqual(await answers(), [true, true]);
    assert.deepEqual([all.allotted.held, await left(all.inner, other, 'b')], [held - 1, before - 1]);
    assert.deepEqual(await answers(), [true, false]);
    assert.equal(all.allotted.held, held - 1);
    all.between.trouble = 'refuses';
    await assert.rejects(async () => all.allotted.decide(both), { code: 'unavailable' });
    assert.equal(all.allotted.held, held - 1);
    all.between.trouble = 'none';
    await all.allotted.close();
  });

  void test('tell by what is held what a charge would get, without asking the store', async () => {
    const all = bench();
    await stream(all, 300, 5);
    const { calls } = all.between;
    const seen = await all.allotted.peek({ rule, key: 'a' });
    const taken = await all.allotted.decideOne({ rule, key: 'a' });
    assert.deepEqual([seen.allowed, seen.remaining, seen.at], [true, taken.remaining, taken.at]);
    assert.equal(all.between.calls, calls);
    await all.allotted.close();
  });
});
