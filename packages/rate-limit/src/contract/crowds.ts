import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rule } from '../rule.ts';
import { chargeOf, everyRule, freshKey, onOwnClock, type LimiterSuite } from './suite.ts';

const limit = 50;
/** No unit comes back while the check runs, and no window ends but once in three weeks. */
const windowMs = 21 * 86_400_000;

export const testCrowds = (suite: LimiterSuite): void => {
  for (const rule of everyRule(limit, windowMs)) {
    test(`${rule.name}: many at once are admitted up to the limit, exactly`, () =>
      onOwnClock(suite, async (store, other) => {
        const key = freshKey();
        const decisions = await Promise.all(
          Array.from({ length: 4 * limit }, async (_, turn) =>
            (turn % 2 === 0 ? store : other).decideOne(chargeOf(rule, key)),
          ),
        );
        assert.equal(decisions.filter(({ allowed }) => allowed).length, limit);
      }));
  }

  test('many at once under two rules are counted by both or neither', () =>
    onOwnClock(suite, async (store, other) => {
      const wide: Rule = { name: 'wide', algorithm: 'sliding-log', limit: 2 * limit, windowMs };
      const keys = [freshKey(), freshKey(), freshKey()];
      const shared = freshKey();
      const narrow: Rule = { name: 'narrow', algorithm: 'fixed-window', limit: limit / 2, windowMs };
      const outcomes = await Promise.all(
        Array.from({ length: 6 * limit }, async (_, turn) => {
          const key = keys[turn % keys.length] ?? shared;
          const pair = [chargeOf(wide, shared), chargeOf(narrow, key)];
          const decisions = await (turn % 2 === 0 ? store : other).decide(turn % 4 < 2 ? pair : pair.reverse());
          return decisions.every(({ allowed }) => allowed);
        }),
      );
      const admitted = outcomes.filter(Boolean).length;
      assert.equal(admitted, keys.length * narrow.limit);
      assert.equal((await store.peek(chargeOf(wide, shared, { cost: 0 }))).remaining, wide.limit - admitted);
    }));

  test('takes and refunds at once leave what the takes alone would', () =>
    onOwnClock(suite, async (store, other) => {
      for (const rule of everyRule(limit, windowMs)) {
        const key = freshKey();
        await Promise.all(
          Array.from({ length: limit }, async (_, turn) => {
            const handle = turn % 2 === 0 ? store : other;
            const charge = chargeOf(rule, key);
            const { at, allowed } = await handle.decideOne(charge);
            assert.ok(allowed);
            if (turn % 5 === 0) await handle.refund(charge, at);
          }),
        );
        // A bucket drains a little meanwhile, and gives back as much less.
        const { remaining } = await store.peek(chargeOf(rule, key, { cost: 0 }));
        assert.ok(remaining === limit / 5 || remaining === limit / 5 - 1, `${rule.name}: ${remaining}`);
      }
    }));
};
