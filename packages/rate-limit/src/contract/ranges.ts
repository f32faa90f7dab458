import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import { mostRecords } from '../algorithms/sliding-log.ts';
import type { Rule } from '../rule.ts';
import type { Charge, LimiterStore } from '../store.ts';
import { chargeOf, freshKey, onHandClock, type LimiterSuite } from './suite.ts';

const good: Rule = { name: 'good', algorithm: 'token-bucket', limit: 5, windowMs: 1_000 };
const held: Rule = { name: 'held', algorithm: 'concurrency', limit: 5, leaseMs: 1_000 };

/** Rules that are no rules. */
const wrongRules: Readonly<Record<string, Rule>> = {
  'a name with capitals': { ...good, name: 'Good' },
  'an empty name': { ...good, name: '' },
  'a name of 64': { ...good, name: 'x'.repeat(64) },
  'a limit of 0': { ...good, limit: 0 },
  'a limit with a fraction': { ...good, limit: 1.5 },
  'an unlimited limit': { ...good, limit: Infinity },
  'no window': { ...good, windowMs: 0 },
  'half a millisecond': { ...good, windowMs: 0.5 },
  'a window of more than 31 days': { ...good, windowMs: 31 * 86_400_000 + 1 },
  'a burst of 0': { ...good, burst: 0 },
  'a bucket that no double counts': { ...good, burst: 2 ** 40, windowMs: 2 ** 20 },
  'a counter that no double counts': { name: 'c', algorithm: 'sliding-counter', limit: 2 ** 40, windowMs: 2 ** 20 },
  'a log that nothing keeps': { name: 'l', algorithm: 'sliding-log', limit: 65_537, windowMs: 65_537 },
  'a lease of 0': { ...held, leaseMs: 0 },
};

const wrongCharges: Readonly<Record<string, Charge>> = {
  'a negative cost': { rule: good, key: 'k', cost: -1 },
  'no number as a cost': { rule: good, key: 'k', cost: Number.NaN },
  'an unlimited cost': { rule: good, key: 'k', cost: Infinity, force: true },
  'a lease where there are none': { rule: good, key: 'k', lease: 'l' },
  'no lease where there are some': { rule: held, key: 'k' },
  'an empty lease': { rule: held, key: 'k', lease: '' },
};

const refuses = (what: () => unknown): Promise<void> =>
  assert.rejects(
    async () => what(),
    (error) => errorCode(error) === 'invalid-request',
  );

export const testRanges = (suite: LimiterSuite): void => {
  const refused = (title: string, charge: Charge): void => {
    test(`refuses ${title}`, () =>
      onHandClock(suite, async (store) => {
        await refuses(() => store.decideOne(charge));
        await refuses(() => store.peek(charge));
        await refuses(() => store.refund(charge, 0));
        const key = freshKey();
        await refuses(() => store.decide([chargeOf(good, key), charge]));
        await nothingCounted(store, key);
      }));
  };
  for (const [title, rule] of Object.entries(wrongRules)) refused(title, chargeOf(rule, 'k'));
  for (const [title, charge] of Object.entries(wrongCharges)) refused(title, charge);

  test('refuses two charges for the same key of a rule in one decision', () =>
    onHandClock(suite, async (store) => {
      const key = freshKey();
      await refuses(() => store.decide([chargeOf(good, key), chargeOf({ ...good, limit: 6 }, key)]));
      await nothingCounted(store, key);
    }));

  test('keys of any length count apart, however they begin', () =>
    onHandClock(suite, async (store) => {
      const long = freshKey().repeat(300);
      const digest = `#${hash('sha512', Buffer.from(`${long}a`, 'utf16le'), 'hex')}`;
      const keys = [
        `${long}a`,
        `${long}b`,
        long.slice(0, 128),
        long.slice(0, 129),
        `${long}\ud800`,
        `${long}\udbff`,
        digest,
      ];
      for (const rule of [good, held]) {
        for (const [index, key] of keys.entries()) await store.decideOne(chargeOf(rule, key, { cost: index % 6 }));
        const left: number[] = [];
        for (const key of keys) left.push((await store.peek(chargeOf(rule, key, { cost: 0 }))).remaining);
        assert.deepEqual(
          left,
          keys.map((_key, index) => 5 - (index % 6)),
        );
        await store.reset(rule, `${long}b`);
        assert.equal((await store.peek(chargeOf(rule, `${long}b`, { cost: 0 }))).remaining, 5);
      }
    }));

  test('a log that fractions have filled takes no further record until some are over', () =>
    onHandClock(suite, async (store, clock) => {
      const rule: Rule = { name: 'small', algorithm: 'sliding-log', limit: mostRecords, windowMs: 100_000 };
      const charge = { rule, key: freshKey(), cost: 1 / 1024 };
      for (let record = 0; record < mostRecords; record += 256) {
        const some = Array.from({ length: 256 }, () => {
          clock.pass(1);
          return store.decideOne(charge);
        });
        for (const answer of some) assert.ok((await answer).allowed);
      }
      assert.equal((await store.decideOne(charge)).allowed, true, 'the millisecond of the last record');
      clock.pass(1);
      await refuses(() => store.decideOne(charge));
      await refuses(() => store.peek(charge));
      await refuses(() => store.decide([chargeOf(good, charge.key), charge]));
      await nothingCounted(store, charge.key);
      assert.equal((await store.peek({ ...charge, cost: 0 })).remaining, mostRecords - 65);
      clock.pass(rule.windowMs - mostRecords - 1);
      await refuses(() => store.decideOne(charge));
      clock.pass(1);
      assert.equal((await store.decideOne(charge)).allowed, true);
    }));
};

const nothingCounted = async (store: LimiterStore, key: string): Promise<void> =>
  assert.equal((await store.peek(chargeOf(good, key, { cost: 0 }))).remaining, 5);
