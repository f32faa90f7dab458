import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rule } from '../rule.ts';
import { chargeOf, everyRule, freshKey, onHandClock, type LimiterSuite } from './suite.ts';

const limit = 10;
const windowMs = 1_000;

export const testRefunds = (suite: LimiterSuite): void => {
  for (const rule of everyRule(limit, windowMs)) {
    test(`${rule.name}: what is given back at once was never taken`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        const lease = rule.algorithm === 'concurrency' ? { lease: 'given back' } : {};
        await store.decideOne(chargeOf(rule, key, { cost: 4 }));
        const before = await store.peek(chargeOf(rule, key, { cost: 0 }));
        const taken = chargeOf(rule, key, { cost: 2.5, ...lease });
        const { at } = await store.decideOne(taken);
        await store.refund(taken, at);
        assert.deepEqual(await store.peek(chargeOf(rule, key, { cost: 0 })), before);
      }));

    test(`${rule.name}: nothing comes of a refund for a key that counts nothing`, () =>
      onHandClock(suite, async (store, clock) => {
        const key = freshKey();
        await store.refund(chargeOf(rule, key, { cost: 5 }), clock.ms);
        const { remaining, resetMs } = await store.peek(chargeOf(rule, key, { cost: 0 }));
        assert.deepEqual([remaining, resetMs], [limit, 0]);
      }));

    test(`${rule.name}: a reset forgets what was counted`, () =>
      onHandClock(suite, async (store) => {
        const [key, other] = [freshKey(), freshKey()];
        for (const who of [key, other]) await store.decideOne(chargeOf(rule, who, { cost: 20, force: true }));
        await store.reset(rule, key);
        const { remaining, resetMs } = await store.peek(chargeOf(rule, key, { cost: 0 }));
        assert.deepEqual([remaining, resetMs], [limit, 0]);
        assert.equal((await store.peek(chargeOf(rule, other))).allowed, false);
        await store.reset(rule, freshKey());
      }));

    if (rule.algorithm === 'concurrency') continue;

    test(`${rule.name}: no more is given back than was counted`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        const { at } = await store.decideOne(chargeOf(rule, key, { cost: 3 }));
        for (const cost of [2, 2, 7]) await store.refund(chargeOf(rule, key, { cost }), at);
        assert.equal((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining, limit);
        const answers = [];
        for (const cost of [limit, 1]) answers.push((await store.decideOne(chargeOf(rule, key, { cost }))).allowed);
        assert.deepEqual(answers, [true, false]);
      }));

    test(`${rule.name}: a refund that comes late opens nothing that had opened by itself`, () =>
      onHandClock(suite, async (store, clock) => {
        const key = freshKey();
        const early = await store.decideOne(chargeOf(rule, key, { cost: 4 }));
        clock.pass(2 * windowMs);
        await store.decideOne(chargeOf(rule, key, { cost: 6 }));
        await store.refund(chargeOf(rule, key, { cost: 4 }), early.at);
        assert.equal((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining, limit - 6);
      }));
  }

  test('a bucket gives back only what has not drained meanwhile', () =>
    onHandClock(suite, async (store, clock) => {
      const rule: Rule = { name: 'bucket', algorithm: 'token-bucket', limit: 10, windowMs: 1_000 };
      const key = freshKey();
      const first = await store.decideOne(chargeOf(rule, key, { cost: 4 }));
      clock.pass(300);
      // 3 of the 4 have drained. Nobody came since, so what is left is of it.
      await store.decideOne(chargeOf(rule, key, { cost: 5 }));
      // Now somebody came: 4 − 3 is what the first may still count.
      await store.refund(chargeOf(rule, key, { cost: 4 }), first.at);
      assert.equal((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining, 5);
    }));

  test('a log gives back the admission of that millisecond, and no other', () =>
    onHandClock(suite, async (store, clock) => {
      const rule: Rule = { name: 'log', algorithm: 'sliding-log', limit: 10, windowMs: 1_000 };
      const key = freshKey();
      const ats: number[] = [];
      for (const cost of [1, 2, 3]) {
        ats.push((await store.decideOne(chargeOf(rule, key, { cost }))).at);
        clock.pass(100);
      }
      await store.refund(chargeOf(rule, key, { cost: 5 }), ats[1] ?? 0);
      await store.refund(chargeOf(rule, key, { cost: 5 }), (ats[1] ?? 0) + 1);
      assert.equal((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining, 6);
      clock.pass(700);
      assert.equal((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining, 7);
    }));

  test('the sliding counter gives back to the window that counted it', () =>
    onHandClock(suite, async (store, clock) => {
      const rule: Rule = { name: 'counter', algorithm: 'sliding-counter', limit: 10, windowMs: 1_000 };
      const key = freshKey();
      clock.ms += 1_000 - (clock.ms % 1_000);
      const { at } = await store.decideOne(chargeOf(rule, key, { cost: 8 }));
      clock.pass(1_500);
      await store.decideOne(chargeOf(rule, key, { cost: 5 }));
      await store.refund(chargeOf(rule, key, { cost: 4 }), at);
      // (8 − 4) × 0.5 + 5.
      assert.equal((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining, 3);
    }));
};
