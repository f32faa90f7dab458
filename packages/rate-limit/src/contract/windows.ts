import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rule } from '../rule.ts';
import type { LimiterStore } from '../store.ts';
import { chargeOf, everyRule, freshKey, onHandClock, type HandClock, type LimiterSuite } from './suite.ts';

const limit = 100;

/** Asks as fast as it can around the end of an aligned window: how many of 200 within 60 ms are admitted. */
const boundaryBurst = async (store: LimiterStore, clock: HandClock, rule: Rule, windowMs: number): Promise<number> => {
  const key = freshKey();
  clock.ms += windowMs - (clock.ms % windowMs) - 30;
  let admitted = 0;
  for (let attempt = 0; attempt < 100; attempt += 1)
    if ((await store.decideOne(chargeOf(rule, key))).allowed) admitted += 1;
  clock.pass(60);
  for (let attempt = 0; attempt < 100; attempt += 1)
    if ((await store.decideOne(chargeOf(rule, key))).allowed) admitted += 1;
  return admitted;
};

/** Of 100 a second: the log admits its limit in any window; a bucket what 60 ms fill besides; the counter what 30 ms fade; the fixed window twice. */
const admittedAtBoundary: Readonly<Record<string, number>> = {
  'token-bucket': 106,
  'leaky-bucket': 106,
  'sliding-log': 100,
  'sliding-counter': 103,
  'fixed-window': 200,
};

export const testWindows = (suite: LimiterSuite): void => {
  for (const rule of everyRule(limit, 1_000)) {
    const bound = admittedAtBoundary[rule.name];
    if (bound === undefined) continue;
    test(`${rule.name}: a burst over the end of a window admits ${bound} of 200`, () =>
      onHandClock(suite, async (store, clock) => {
        assert.equal(await boundaryBurst(store, clock, rule, 1_000), bound);
      }));
  }

  for (const windowMs of [1, 2, 500, 1_500, 60_000, 31 * 86_400_000]) {
    test(`a window of ${windowMs} ms ends, and frees whoever was refused`, () =>
      onHandClock(suite, async (store, clock) => {
        for (const rule of everyRule(2, windowMs)) {
          const key = freshKey();
          const answers = [];
          for (let attempt = 0; attempt < 3; attempt += 1)
            answers.push((await store.decideOne(chargeOf(rule, key))).allowed);
          assert.deepEqual(answers, [true, true, false], rule.name);
          clock.pass(2 * windowMs);
          const { allowed, remaining } = await store.decideOne(chargeOf(rule, key));
          assert.deepEqual([allowed, remaining], [true, 1], rule.name);
        }
      }));
  }

  test('fixed windows begin at multiples of their length', () =>
    onHandClock(suite, async (store, clock) => {
      const rule: Rule = { name: 'aligned', algorithm: 'fixed-window', limit: 1, windowMs: 60_000 };
      const key = freshKey();
      clock.ms += 60_000 - (clock.ms % 60_000) - 1;
      assert.equal((await store.decideOne(chargeOf(rule, key))).resetMs, 1);
      assert.equal((await store.decideOne(chargeOf(rule, key))).retryAfterMs, 1);
      clock.pass(1);
      assert.equal((await store.decideOne(chargeOf(rule, key))).resetMs, 60_000);
    }));

  test('the sliding counter weighs the window before by what is left of it', () =>
    onHandClock(suite, async (store, clock) => {
      const rule: Rule = { name: 'counter', algorithm: 'sliding-counter', limit: 10, windowMs: 1_000 };
      const key = freshKey();
      clock.ms += 1_000 - (clock.ms % 1_000);
      await store.decideOne(chargeOf(rule, key, { cost: 8 }));
      clock.pass(1_250);
      // 8 × 0.75 = 6 still count.
      const seen = [];
      for (const cost of [0, 3, 1, 1]) seen.push((await store.decideOne(chargeOf(rule, key, { cost }))).remaining);
      assert.deepEqual(seen, [4, 1, 0, 0]);
      assert.equal((await store.decideOne(chargeOf(rule, key))).retryAfterMs, 125);
    }));

  test('a bucket fills steadily, without losing parts of a unit', () =>
    onHandClock(suite, async (store, clock) => {
      // 7 in 1,000 ms: a unit every 142.857… ms. Polled every 3 ms for 100 s, it gives 700 and not one less or more.
      const rule: Rule = { name: 'odd', algorithm: 'token-bucket', limit: 7, windowMs: 1_000, burst: 1 };
      const key = freshKey();
      await store.decideOne(chargeOf(rule, key));
      let admitted = 0;
      for (let next = clock.ms + 100_000; clock.ms < next;) {
        const { retryAfterMs } = await store.decideOne(chargeOf(rule, key));
        assert.ok(retryAfterMs !== null && retryAfterMs > 0);
        clock.pass(Math.min(3, retryAfterMs));
        if (retryAfterMs > 3) continue;
        assert.equal((await store.decideOne(chargeOf(rule, key))).allowed, true);
        admitted += 1;
      }
      // Each wait ends on a whole millisecond and keeps what was filled beyond it.
      assert.ok(admitted >= 699 && admitted <= 700, String(admitted));
    }));

  test('a leaky bucket spaces units, unless a burst is allowed', () =>
    onHandClock(suite, async (store, clock) => {
      const rule: Rule = { name: 'spaced', algorithm: 'leaky-bucket', limit: 10, windowMs: 1_000 };
      const key = freshKey();
      for (let unit = 0; unit < 5; unit += 1) {
        const first = await store.decideOne(chargeOf(rule, key));
        assert.deepEqual([first.allowed, first.limit, first.remaining, first.resetMs], [true, 1, 0, 100]);
        assert.equal((await store.decideOne(chargeOf(rule, key))).retryAfterMs, 100);
        clock.pass(100);
      }
    }));
};
