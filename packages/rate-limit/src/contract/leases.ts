import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConcurrencyRule } from '../rule.ts';
import type { LimiterStore } from '../store.ts';
import { freshKey, onHandClock, type LimiterSuite } from './suite.ts';

const rule: ConcurrencyRule = { name: 'running', algorithm: 'concurrency', limit: 3, leaseMs: 1_000 };

const heldBy = async (store: LimiterStore, key: string): Promise<number> =>
  rule.limit - (await store.peek({ rule, key, cost: 0, lease: 'asking' })).remaining;

export const testLeases = (suite: LimiterSuite): void => {
  test('a lease that is not renewed ends, and what it held is free', () =>
    onHandClock(suite, async (store, clock) => {
      const key = freshKey();
      for (const lease of ['a', 'b', 'c']) {
        assert.equal((await store.decideOne({ rule, key, lease })).allowed, true);
        clock.pass(100);
      }
      const refusal = await store.decideOne({ rule, key, lease: 'd' });
      assert.deepEqual([refusal.allowed, refusal.retryAfterMs, refusal.resetMs], [false, 700, 900]);
      clock.pass(699);
      assert.equal((await store.decideOne({ rule, key, lease: 'd' })).allowed, false);
      clock.pass(1);
      assert.equal((await store.decideOne({ rule, key, lease: 'd' })).allowed, true);
      assert.equal(await heldBy(store, key), 3);
      clock.pass(1_000);
      assert.equal(await heldBy(store, key), 0);
    }));

  test('at the millisecond of its end a lease is no one’s: its holder asks like everybody else', () =>
    onHandClock(suite, async (store, clock) => {
      const key = freshKey();
      await store.decideOne({ rule, key, lease: 'a' });
      clock.pass(500);
      await store.decideOne({ rule, key, lease: 'b', cost: 2 });
      clock.pass(500);
      assert.equal((await store.decideOne({ rule, key, lease: 'a', cost: 2 })).allowed, false);
      assert.equal((await store.decideOne({ rule, key, lease: 'c' })).allowed, true);
      assert.equal((await store.decideOne({ rule, key, lease: 'a' })).allowed, false);
    }));

  test('a lease that is renewed is held on, and counted once', () =>
    onHandClock(suite, async (store, clock) => {
      const key = freshKey();
      for (let round = 0; round < 10; round += 1) {
        for (const lease of ['a', 'b', 'c']) {
          const { allowed, resetMs } = await store.decideOne({ rule, key, lease });
          assert.deepEqual([allowed, resetMs], [true, 1_000]);
        }
        assert.equal((await store.decideOne({ rule, key, lease: 'd' })).allowed, false);
        clock.pass(999);
      }
      assert.equal(await heldBy(store, key), 3);
    }));

  test('a lease that is given back ends at once, whatever the time, and ends nothing else', () =>
    onHandClock(suite, async (store, clock) => {
      const key = freshKey();
      for (const lease of ['a', 'b']) await store.decideOne({ rule, key, lease });
      clock.pass(10);
      await store.refund({ rule, key, lease: 'a' }, 0);
      await store.refund({ rule, key, lease: 'a' }, 0);
      await store.refund({ rule, key, lease: 'unknown' }, clock.ms);
      assert.equal(await heldBy(store, key), 1);
      await store.refund({ rule, key, lease: 'b' }, 0);
      assert.equal((await store.peek({ rule, key, lease: 'c' })).resetMs, 1_000);
      assert.equal(await heldBy(store, key), 0);
    }));

  test('renewing with another cost changes what is held, if that fits', () =>
    onHandClock(suite, async (store) => {
      const key = freshKey();
      const remaining = [];
      for (const [lease, cost] of [
        ['a', 1],
        ['b', 1],
        ['a', 2],
        ['b', 2],
        ['a', 1],
        ['b', 2],
      ] as const) {
        const decision = await store.decideOne({ rule, key, lease, cost });
        remaining.push(decision.allowed ? decision.remaining : 'refused');
      }
      assert.deepEqual(remaining, [2, 1, 0, 'refused', 1, 0]);
    }));

  test('a refused change leaves the lease as it was, its end too', () =>
    onHandClock(suite, async (store, clock) => {
      const key = freshKey();
      await store.decideOne({ rule, key, lease: 'a' });
      await store.decideOne({ rule, key, lease: 'b', cost: 2 });
      clock.pass(500);
      const refusal = await store.decideOne({ rule, key, lease: 'a', cost: 2 });
      assert.deepEqual([refusal.allowed, refusal.retryAfterMs], [false, 500]);
      assert.equal(await heldBy(store, key), 3);
      clock.pass(500);
      assert.equal(await heldBy(store, key), 0);
    }));

  test('a holder renews even where the limit went down under it, and nobody new comes', () =>
    onHandClock(suite, async (store, clock) => {
      const key = freshKey();
      for (const lease of ['a', 'b', 'c']) await store.decideOne({ rule, key, lease });
      const less = { ...rule, limit: 1 };
      clock.pass(900);
      for (const lease of ['a', 'b', 'c']) {
        assert.equal((await store.decideOne({ rule: less, key, lease })).allowed, true);
      }
      assert.equal((await store.decideOne({ rule: less, key, lease: 'd' })).allowed, false);
      for (const lease of ['a', 'b']) await store.refund({ rule: less, key, lease }, 0);
      assert.equal((await store.decideOne({ rule: less, key, lease: 'd' })).allowed, false);
      await store.refund({ rule: less, key, lease: 'c' }, 0);
      assert.equal((await store.decideOne({ rule: less, key, lease: 'd' })).allowed, true);
    }));

  test('leases of another length end when they were told to', () =>
    onHandClock(suite, async (store, clock) => {
      const key = freshKey();
      await store.decideOne({ rule: { ...rule, leaseMs: 5_000 }, key, lease: 'long' });
      await store.decideOne({ rule, key, lease: 'short' });
      assert.equal((await store.peek({ rule, key, lease: 'x', cost: 2 })).retryAfterMs, 1_000);
      clock.pass(1_000);
      assert.equal(await heldBy(store, key), 1);
      assert.equal((await store.decideOne({ rule, key, lease: 'other', cost: 3 })).retryAfterMs, 4_000);
      clock.pass(4_000);
      assert.equal(await heldBy(store, key), 0);
    }));

  test('a thousand leases are held at a time', () =>
    onHandClock(suite, async (store, clock) => {
      const many = { ...rule, limit: 1_000 };
      const key = freshKey();
      for (let lease = 0; lease < 1_000; lease += 1) {
        assert.equal((await store.decideOne({ rule: many, key, lease: String(lease) })).allowed, true);
        if (lease % 2 === 0) clock.pass(1);
      }
      assert.equal((await store.decideOne({ rule: many, key, lease: 'more' })).retryAfterMs, 500);
      clock.pass(750);
      assert.equal((await store.decideOne({ rule: many, key, lease: 'more' })).remaining, 500);
    }));
};
