import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rule } from '../rule.ts';
import { chargeOf, everyRule, freshKey, onHandClock, type LimiterSuite } from './suite.ts';

/** How the rule says it with another limit. */
const withLimit = (rule: Rule, limit: number): Rule =>
  rule.algorithm === 'leaky-bucket' ? { ...rule, limit, burst: limit } : { ...rule, limit };

export const testChanges = (suite: LimiterSuite): void => {
  for (const rule of everyRule(10, 1_000)) {
    test(`${rule.name}: a changed limit goes on from what was counted`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        await store.decideOne(chargeOf(rule, key, { cost: 6 }));
        const remaining = [];
        for (const limit of [20, 7, 4, 10]) {
          remaining.push((await store.peek(chargeOf(withLimit(rule, limit), key, { cost: 0 }))).remaining);
        }
        assert.deepEqual(remaining, [14, 1, 0, 4]);
        const more = withLimit(rule, 20);
        assert.equal((await store.decideOne(chargeOf(more, key, { cost: 15 }))).allowed, false);
        assert.equal((await store.decideOne(chargeOf(more, key, { cost: 14 }))).allowed, true);
        assert.equal((await store.decideOne(chargeOf(rule, key))).allowed, false);
      }));

    test(`${rule.name}: an equal rule in another object changes nothing`, () =>
      onHandClock(suite, async (store, clock) => {
        const key = freshKey();
        for (let left = 9; left > 5; left -= 1) {
          assert.equal((await store.decideOne(chargeOf({ ...rule }, key))).remaining, left);
        }
        clock.pass(10);
        assert.equal((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining, 6);
      }));

    test(`${rule.name}: another algorithm under its name starts afresh`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        for (const other of everyRule(10, 1_000)) {
          if (other.algorithm === rule.algorithm) continue;
          await store.decideOne(chargeOf(rule, key, { cost: 7 }));
          const renamed: Rule = { ...other, name: rule.name };
          assert.equal((await store.peek(chargeOf(renamed, key, { cost: 0 }))).remaining, 10, other.algorithm);
          // Only what counts takes the place of what was counted.
          assert.equal((await store.decideOne(chargeOf(renamed, key, { cost: 11 }))).allowed, false);
          await store.refund(chargeOf(renamed, key, { cost: 7 }), 0);
          assert.equal((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining, 3);
          assert.equal((await store.decideOne(chargeOf(renamed, key, { cost: 2 }))).remaining, 8, other.algorithm);
          assert.equal((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining, 10);
          await store.reset(rule, key);
        }
      }));
  }

  test('a bucket drains at its old rate until it is counted under the new rule', () =>
    onHandClock(suite, async (store, clock) => {
      const rule: Rule = { name: 'bucket', algorithm: 'token-bucket', limit: 10, windowMs: 1_000, burst: 10 };
      const slow: Rule = { ...rule, limit: 1, burst: 10 };
      const key = freshKey();
      await store.decideOne(chargeOf(rule, key, { cost: 10 }));
      clock.pass(400);
      assert.equal((await store.decideOne(chargeOf(slow, key, { cost: 1 }))).remaining, 3);
      clock.pass(1_000);
      assert.equal((await store.peek(chargeOf(slow, key, { cost: 0 }))).remaining, 4);
    }));

  test('a bucket keeps what is used when its window changes, to the last part of a unit', () =>
    onHandClock(suite, async (store, clock) => {
      const rule: Rule = { name: 'bucket', algorithm: 'token-bucket', limit: 7, windowMs: 1_000 };
      const key = freshKey();
      await store.decideOne(chargeOf(rule, key, { cost: 7 }));
      clock.pass(100);
      // 6.3 used. At 7 in 3,001 ms a unit takes 428.7 ms: 0.3 of one is gone after 128.6 ms, the first whole one fits.
      const other: Rule = { ...rule, windowMs: 3_001 };
      assert.equal((await store.peek(chargeOf(other, key))).retryAfterMs, 129);
      assert.equal((await store.peek(chargeOf(other, key))).resetMs, 2_701);
      const days31 = 31 * 86_400_000;
      assert.equal((await store.peek(chargeOf({ ...rule, windowMs: days31 - 1 }, key))).resetMs, 0.9 * days31);
      const month = { ...rule, windowMs: days31 };
      assert.equal((await store.decideOne(chargeOf(month, key, { cost: 0.7 }))).resetMs, days31);
    }));

  test('a changed window goes on from what the old one counted', () =>
    onHandClock(suite, async (store, clock) => {
      for (const rule of everyRule(10, 1_000)) {
        if (rule.algorithm === 'concurrency' || rule.algorithm.endsWith('bucket')) continue;
        const key = freshKey();
        clock.ms += 1_000 - (clock.ms % 1_000);
        await store.decideOne(chargeOf(rule, key, { cost: 6 }));
        clock.pass(400);
        for (const windowMs of [700, 2_000, 60_000]) {
          const other: Rule = { ...rule, windowMs };
          assert.equal((await store.peek(chargeOf(other, key, { cost: 0 }))).remaining, 4, `${rule.name} ${windowMs}`);
        }
        clock.pass(2_000);
        // Under the old rule all of it is over, so the new one has nothing to go on from.
        assert.equal(
          (await store.peek(chargeOf({ ...rule, windowMs: 60_000 }, key, { cost: 0 }))).remaining,
          10,
          rule.name,
        );
      }
    }));
};
