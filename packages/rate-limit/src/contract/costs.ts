import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chargeOf, everyRule, freshKey, onHandClock, type LimiterSuite } from './suite.ts';

const limit = 10;
const windowMs = 1_000;

export const testCosts = (suite: LimiterSuite): void => {
  for (const rule of everyRule(limit, windowMs)) {
    test(`${rule.name}: a cost above what remains changes nothing, a fitting one still fits`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        const answers = [];
        for (const cost of [8, 8, 3, 2, 1])
          answers.push((await store.decideOne(chargeOf(rule, key, { cost }))).allowed);
        assert.deepEqual(answers, [true, false, false, true, false]);
      }));

    test(`${rule.name}: a cost above the limit never fits, and is told so`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        const refusal = await store.decideOne(chargeOf(rule, key, { cost: limit + 1 }));
        assert.deepEqual([refusal.allowed, refusal.retryAfterMs, refusal.remaining], [false, null, limit]);
        assert.equal((await store.decideOne(chargeOf(rule, key, { cost: limit }))).allowed, true);
      }));

    test(`${rule.name}: costs are fractions too, and add up exactly`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        for (let taken = 0.5; taken <= limit; taken += 0.5) {
          const { allowed, remaining } = await store.decideOne(chargeOf(rule, key, { cost: 0.5 }));
          assert.deepEqual([allowed, remaining], [true, Math.floor(limit - taken)]);
        }
        assert.equal((await store.decideOne(chargeOf(rule, key, { cost: 0.125 }))).allowed, false);
      }));

    test(`${rule.name}: a fraction that is none of two's powers is never rounded in favour of the caller`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        let admitted = 0;
        while ((await store.decideOne(chargeOf(rule, key, { cost: 0.3 }))).allowed) admitted += 1;
        assert.ok(admitted === 33 || admitted === 32, `${admitted} of 0.3 in ${limit}`);
      }));

    test(`${rule.name}: a cost of 0 asks whether anything is left, and takes nothing`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        for (const left of [limit, 1, 0.5]) {
          const asked = chargeOf(rule, key, { cost: 0 });
          const decision = await store.decideOne(asked);
          assert.deepEqual([decision.allowed, decision.remaining], [true, Math.floor(left)]);
          assert.deepEqual(await store.decideOne(asked), decision);
          const next = left === limit ? limit - 1 : 0.5;
          assert.equal((await store.decideOne(chargeOf(rule, key, { cost: next }))).allowed, true);
        }
        const empty = await store.decideOne(chargeOf(rule, key, { cost: 0 }));
        assert.deepEqual([empty.allowed, empty.remaining], [false, 0]);
        assert.ok(empty.retryAfterMs !== null && empty.retryAfterMs > 0);
      }));

    test(`${rule.name}: what is forced counts beyond the limit`, () =>
      onHandClock(suite, async (store, clock) => {
        const key = freshKey();
        await store.decideOne(chargeOf(rule, key, { cost: limit - 1 }));
        const forced = await store.decideOne(chargeOf(rule, key, { cost: 2 * limit, force: true }));
        assert.deepEqual([forced.allowed, forced.remaining, forced.retryAfterMs], [true, 0, 0]);
        const refusal = await store.decideOne(chargeOf(rule, key, { cost: 1 }));
        assert.equal(refusal.allowed, false);
        assert.ok(refusal.retryAfterMs !== null);
        clock.pass(refusal.retryAfterMs - 1);
        assert.equal((await store.decideOne(chargeOf(rule, key, { cost: 1 }))).allowed, false);
        clock.pass(1);
        assert.equal((await store.decideOne(chargeOf(rule, key, { cost: 1 }))).allowed, true);
      }));

    test(`${rule.name}: an immense forced charge is survived`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        for (const cost of [1e300, Number.MAX_SAFE_INTEGER, 0.5]) {
          assert.equal((await store.decideOne(chargeOf(rule, key, { cost, force: true }))).allowed, true);
        }
        const { allowed, remaining, resetMs, retryAfterMs } = await store.decideOne(chargeOf(rule, key));
        assert.deepEqual([allowed, remaining], [false, 0]);
        assert.ok(Number.isSafeInteger(resetMs) && Number.isSafeInteger(retryAfterMs));
      }));
  }

  test('limits up to 2^53 − 1 are counted to the last unit', () =>
    onHandClock(suite, async (store) => {
      const most = Number.MAX_SAFE_INTEGER;
      for (const rule of everyRule(most, windowMs)) {
        if (rule.algorithm.endsWith('bucket') || rule.algorithm === 'sliding-counter') continue;
        const key = freshKey();
        const half = 2 ** 52;
        const answers = [];
        for (const cost of [half, half, half - 2, 2, 1]) {
          answers.push((await store.decideOne(chargeOf(rule, key, { cost }))).remaining);
        }
        assert.deepEqual(answers, [half - 1, half - 1, 1, 1, 0], rule.name);
      }
    }));
};
