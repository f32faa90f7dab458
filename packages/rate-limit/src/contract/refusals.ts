import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chargeOf, everyRule, freshKey, onHandClock, type LimiterSuite } from './suite.ts';

const limit = 5;
const windowMs = 1_000;

/** What is said of refusals, and what they leave behind: nothing. */
export const testRefusals = (suite: LimiterSuite): void => {
  for (const rule of everyRule(limit, windowMs)) {
    test(`${rule.name}: admits up to the limit and tells what remains`, () =>
      onHandClock(suite, async (store, clock) => {
        const key = freshKey();
        for (let left = limit - 1; left >= 0; left -= 1) {
          const decision = await store.decideOne(chargeOf(rule, key));
          assert.equal(decision.allowed, true);
          assert.deepEqual(
            [decision.limit, decision.remaining, decision.retryAfterMs, decision.at],
            [limit, left, 0, clock.ms],
          );
        }
        const refusal = await store.decideOne(chargeOf(rule, key));
        assert.deepEqual([refusal.allowed, refusal.limit, refusal.remaining], [false, limit, 0]);
        assert.ok(refusal.retryAfterMs !== null && refusal.retryAfterMs > 0 && Number.isInteger(refusal.retryAfterMs));
      }));

    test(`${rule.name}: waiting as told is enough, a millisecond less is not`, () =>
      onHandClock(suite, async (store, clock) => {
        for (const cost of [1, 3, limit]) {
          const key = freshKey();
          for (let taken = 0; taken < limit; taken += 1) {
            await store.decideOne(chargeOf(rule, key));
            clock.pass(7);
          }
          const { allowed, retryAfterMs } = await store.decideOne(chargeOf(rule, key, { cost }));
          assert.equal(allowed, false);
          assert.ok(retryAfterMs !== null);
          clock.pass(retryAfterMs - 1);
          assert.equal(
            (await store.decideOne(chargeOf(rule, key, { cost }))).allowed,
            false,
            `cost ${cost}, too early`,
          );
          clock.pass(1);
          assert.equal((await store.decideOne(chargeOf(rule, key, { cost }))).allowed, true, `cost ${cost}, in time`);
        }
      }));

    test(`${rule.name}: a refused charge leaves no trace, however often it is tried`, () =>
      onHandClock(suite, async (store, clock) => {
        const [key, quiet] = [freshKey(), freshKey()];
        for (const who of [key, quiet])
          for (let taken = 0; taken < limit; taken += 1) await store.decideOne(chargeOf(rule, who));
        for (let step = 0; step < 20; step += 1) {
          clock.pass(3);
          assert.equal((await store.decideOne(chargeOf(rule, key, { cost: limit }))).allowed, false);
        }
        for (let step = 0; step < 2 * windowMs; step += 50) {
          clock.pass(50);
          assert.deepEqual(await store.peek(chargeOf(rule, key)), await store.peek(chargeOf(rule, quiet)));
        }
      }));

    test(`${rule.name}: a client that asks slightly more often than it may is not shut out`, () =>
      onHandClock(suite, async (store, clock) => {
        const key = freshKey();
        let admitted = 0;
        // Six tries a window where five are allowed, for twenty windows.
        for (let attempt = 0; attempt < 120; attempt += 1) {
          if ((await store.decideOne(chargeOf(rule, key))).allowed) admitted += 1;
          clock.pass(167);
        }
        // The counter takes what was admitted for spread evenly, and so asks for some more patience.
        const least = rule.algorithm === 'sliding-counter' ? 16 : 19;
        assert.ok(admitted >= least * limit, `${admitted} admitted`);
      }));

    test(`${rule.name}: peeks count nothing and tell what deciding would`, () =>
      onHandClock(suite, async (store, clock) => {
        const key = freshKey();
        for (let step = 0; step < 2 * limit; step += 1) {
          const charge = chargeOf(rule, key);
          const foretold = await store.peek(charge);
          assert.deepEqual(await store.peek(charge), foretold);
          assert.deepEqual(await store.decideOne(charge), foretold);
          clock.pass(40);
        }
      }));

    test(`${rule.name}: after resetMs all is free again, a millisecond before it is not`, () =>
      onHandClock(suite, async (store, clock) => {
        const key = freshKey();
        const nothing = await store.peek(chargeOf(rule, key, { cost: 0 }));
        assert.deepEqual([nothing.remaining, nothing.resetMs], [limit, 0]);
        await store.decideOne(chargeOf(rule, key));
        clock.pass(20);
        const { resetMs } = await store.decideOne(chargeOf(rule, key, { cost: 2 }));
        assert.ok(resetMs > 0 && Number.isInteger(resetMs));
        clock.pass(resetMs - 1);
        const before = await store.peek(chargeOf(rule, key, { cost: 0 }));
        assert.ok(before.remaining < limit && before.resetMs === 1, JSON.stringify(before));
        clock.pass(1);
        const after = await store.peek(chargeOf(rule, key, { cost: 0 }));
        assert.deepEqual([after.remaining, after.resetMs], [limit, 0]);
      }));
  }

  test('keys and rule names are counted apart', () =>
    onHandClock(suite, async (store) => {
      const [rule] = everyRule(1, windowMs);
      assert.ok(rule !== undefined);
      const key = freshKey();
      const others = [chargeOf(rule, `${key}:1`), chargeOf(rule, ''), chargeOf({ ...rule, name: 'other' }, key)];
      assert.equal((await store.decideOne(chargeOf(rule, key))).allowed, true);
      for (const other of others) {
        await store.reset(other.rule, other.key);
        assert.equal((await store.decideOne(other)).allowed, true, JSON.stringify(other));
      }
      assert.equal((await store.decideOne(chargeOf(rule, key))).allowed, false);
    }));

  test('a key is any text', () =>
    onHandClock(suite, async (store) => {
      const [rule] = everyRule(1, windowMs);
      assert.ok(rule !== undefined);
      const own = freshKey();
      const keys = ['{tag}', 'a b\r\n', 'ключ', '\u0000', '*', 'x'.repeat(5_000), '__proto__', '😀'].map(
        (text) => own + text,
      );
      for (const key of keys) assert.equal((await store.decideOne(chargeOf(rule, key))).allowed, true, key);
      for (const key of keys) assert.equal((await store.decideOne(chargeOf(rule, key))).allowed, false, key);
    }));
};
