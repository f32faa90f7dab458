import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rule } from '../rule.ts';
import { chargeOf, everyRule, freshKey, onHandClock, type LimiterSuite } from './suite.ts';

const narrow: Rule = { name: 'narrow', algorithm: 'sliding-log', limit: 2, windowMs: 1_000 };

export const testTogether = (suite: LimiterSuite): void => {
  for (const rule of everyRule(5, 1_000)) {
    test(`${rule.name}: decided with another, it is counted only when both fit`, () =>
      onHandClock(suite, async (store) => {
        const key = freshKey();
        const remaining = [];
        for (let attempt = 0; attempt < 4; attempt += 1) {
          for (const order of [0, 1]) {
            const pair = [chargeOf(rule, key, { cost: 0.5 }), chargeOf(narrow, key, { cost: 0.5 })];
            const decisions = await store.decide(order === 0 ? pair : pair.reverse());
            const mine = decisions[order];
            const other = decisions[1 - order];
            assert.ok(mine !== undefined && other !== undefined);
            assert.equal(mine.limit, 5);
            assert.equal(mine.allowed, true, 'it would fit by itself');
            assert.equal(mine.retryAfterMs, 0);
            assert.equal(other.allowed, attempt < 2);
            remaining.push(mine.remaining);
          }
        }
        assert.deepEqual(remaining, [4, 4, 3, 3, 3, 3, 3, 3]);
        assert.equal((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining, 3);
      }));
  }

  test('all six algorithms are decided together, and all or none are counted', () =>
    onHandClock(suite, async (store) => {
      const key = freshKey();
      const all = () => everyRule(5, 1_000).map((rule) => chargeOf(rule, key, { cost: 2 }));
      const outcome = async () => (await store.decide(all())).map(({ allowed, remaining }) => [allowed, remaining]);
      assert.deepEqual(await outcome(), Array(6).fill([true, 3]));
      assert.deepEqual(await outcome(), Array(6).fill([true, 1]));
      assert.deepEqual(await outcome(), Array(6).fill([false, 1]));
    }));

  test('every rule that does not fit says so, with its own wait', () =>
    onHandClock(suite, async (store, clock) => {
      const key = freshKey();
      const rules = [500, 2_000, 1_000].map((windowMs): Rule => ({
        name: `log-${windowMs}`,
        algorithm: 'sliding-log',
        limit: 1,
        windowMs,
      }));
      await store.decide(rules.map((rule) => chargeOf(rule, key)));
      clock.pass(100);
      const waits = (await store.decide(rules.map((rule) => chargeOf(rule, key)))).map(
        (decision) => decision.retryAfterMs,
      );
      assert.deepEqual(waits, [400, 1_900, 900]);
    }));

  test('one rule may be asked for several keys, and one key under several rules', () =>
    onHandClock(suite, async (store) => {
      const [one, two] = [freshKey(), freshKey()];
      const decisions = await store.decide([
        chargeOf(narrow, one),
        chargeOf(narrow, two),
        chargeOf({ ...narrow, name: 'wide', limit: 9 }, one),
      ]);
      assert.deepEqual(
        decisions.map(({ remaining }) => remaining),
        [1, 1, 8],
      );
    }));

  test('what is forced is not counted when the rest does not fit', () =>
    onHandClock(suite, async (store) => {
      const key = freshKey();
      const tally: Rule = { name: 'tally', algorithm: 'fixed-window', limit: 3, windowMs: 60_000 };
      const [forced, refusal] = await store.decide([
        chargeOf(tally, key, { cost: 2, force: true }),
        chargeOf(narrow, key, { cost: 3 }),
      ]);
      assert.deepEqual([forced?.allowed, forced?.remaining, refusal?.allowed], [true, 3, false]);
      assert.equal((await store.peek(chargeOf(tally, key, { cost: 0 }))).remaining, 3);
    }));

  test('no charges at all are decided at once', () =>
    onHandClock(suite, async (store) => {
      assert.deepEqual(await store.decide([]), []);
    }));
};
