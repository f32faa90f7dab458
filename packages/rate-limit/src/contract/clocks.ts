import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Rule } from '../rule.ts';
import type { Charge, Decision, LimiterStore } from '../store.ts';
import { chargeOf, everyRule, freshKey, onHandClock, onOwnClock, type LimiterSuite } from './suite.ts';

/** Milliseconds after which a check by the real clock gives up. */
const patience = 10_000;

/** Asks until it is admitted. */
const admittedIn = async (store: LimiterStore, charge: Charge): Promise<Decision> => {
  const until = performance.now() + patience;
  for (;;) {
    const decision = await store.decideOne(charge);
    if (decision.allowed) return decision;
    assert.ok(performance.now() < until, `still refused after ${patience} ms: ${JSON.stringify(decision)}`);
    await setImmediate();
  }
};

export const testClocks = (suite: LimiterSuite): void => {
  for (const rule of everyRule(5, 1_000)) {
    test(`${rule.name}: time that goes back frees nobody and shuts nobody out for longer`, () =>
      onHandClock(suite, async (store, clock) => {
        const key = freshKey();
        const began = clock.ms;
        for (let taken = 0; taken < 5; taken += 1) await store.decideOne(chargeOf(rule, key));
        const { retryAfterMs } = await store.decideOne(chargeOf(rule, key));
        assert.ok(retryAfterMs !== null);
        clock.pass(-3_600_000);
        const back = await store.decideOne(chargeOf(rule, key));
        assert.deepEqual([back.allowed, back.retryAfterMs, back.at], [false, retryAfterMs, began]);
        clock.ms = began + retryAfterMs;
        assert.equal((await store.decideOne(chargeOf(rule, key))).allowed, true);
      }));

    test(`${rule.name}: by the store's own clock, whoever was refused is admitted as foretold, and not before`, () =>
      onOwnClock(suite, async (store) => {
        const quick = everyRule(3, 500).find(({ name }) => name === rule.name);
        assert.ok(quick !== undefined);
        const key = freshKey();
        let refusal: Decision;
        do refusal = await store.decideOne(chargeOf(quick, key));
        while (refusal.allowed);
        assert.ok(refusal.retryAfterMs !== null && refusal.retryAfterMs <= 1_000);
        const { at } = await admittedIn(store, chargeOf(quick, key));
        assert.ok(at >= refusal.at + refusal.retryAfterMs, `${at} is before ${JSON.stringify(refusal)}`);
      }));
  }

  test('the own clock tells milliseconds of the calendar', () =>
    onOwnClock(suite, async (store) => {
      const [rule] = everyRule(5, 1_000);
      assert.ok(rule !== undefined);
      const before = Date.now();
      const { at } = await store.decideOne(chargeOf(rule, freshKey()));
      assert.ok(Number.isInteger(at) && Math.abs(at - before) < 60_000, `${at} at ${before}`);
    }));

  test('a log keeps its limit in every window by the own clock', () =>
    onOwnClock(suite, async (store, other) => {
      const rule: Rule = { name: 'log', algorithm: 'sliding-log', limit: 20, windowMs: 100 };
      const key = freshKey();
      const ats: number[] = [];
      const ends = performance.now() + 700;
      while (performance.now() < ends) {
        for (const handle of [store, other]) {
          const { allowed, at } = await handle.decideOne(chargeOf(rule, key));
          if (allowed) ats.push(at);
        }
        await setImmediate();
      }
      assert.ok(ats.length >= 3 * rule.limit, `${ats.length} admitted in 700 ms`);
      for (const [index, at] of ats.entries()) {
        const next = ats[index + rule.limit];
        assert.ok(next === undefined || next - at >= rule.windowMs, `${rule.limit + 1} within ${(next ?? 0) - at} ms`);
      }
    }));
};
