import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openMemoryLimiterStore, type MemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { systemClock } from '@simfleet/runtime';
import { until } from '@simfleet/testing';
import type { Rule } from '@simfleet/rate-limit';

/** A store on a clock turned by hand, 30 ms before a second ends. */
const turned = (maxKeys = 1_000): { store: MemoryLimiterStore; pass: (ms: number) => void } => {
  let ms = 1_800_000_000_970;
  const now = (): number => ms;
  return { store: openMemoryLimiterStore({ clock: { now, monotonic: now }, maxKeys }), pass: (by) => void (ms += by) };
};

const admitted = (store: MemoryLimiterStore, rule: Rule, attempts: number, cost = 1): number => {
  let count = 0;
  for (let attempt = 0; attempt < attempts; attempt += 1)
    if (store.decideOne({ rule, key: 'k', cost }).allowed) count += 1;
  return count;
};

/** Each was seen in a limiter that many use. */
describe('defects of other limiters that the memory store does not have', () => {
  test('199 of 100 a second within 60 ms across the end of a window', () => {
    for (const [algorithm, most] of [
      ['sliding-log', 100],
      ['token-bucket', 106],
    ] as const) {
      const { store, pass } = turned();
      const rule: Rule = { name: algorithm, algorithm, limit: 100, windowMs: 1_000 };
      const before = admitted(store, rule, 99);
      pass(60);
      assert.equal(before + admitted(store, rule, 100), most, algorithm);
    }
  });

  test('a window of 500 ms that never ends, by the machine’s own clock', async () => {
    const store = openMemoryLimiterStore({ clock: systemClock });
    for (const algorithm of ['sliding-log', 'fixed-window', 'sliding-counter', 'token-bucket'] as const) {
      const rule: Rule = { name: algorithm, algorithm, limit: 1, windowMs: 500 };
      admitted(store, rule, 2);
      assert.equal(store.peek({ rule, key: 'k' }).allowed, false);
      await until('the window to end', () => store.decideOne({ rule, key: 'k' }).allowed);
    }
  });

  test('refused attempts that are counted: twenty at a limit of five leave five', () => {
    const { store, pass } = turned();
    const rule: Rule = { name: 'five', algorithm: 'sliding-log', limit: 5, windowMs: 1_000 };
    assert.equal(admitted(store, rule, 20), 5);
    pass(1_000);
    assert.equal(admitted(store, rule, 20), 5);
  });

  test('a fractional cost that throws', () => {
    const { store } = turned();
    assert.equal(admitted(store, { name: 'half', algorithm: 'fixed-window', limit: 5, windowMs: 1_000 }, 20, 0.5), 10);
  });

  test('a key that is left behind for every window', () => {
    const { store, pass } = turned();
    const rule: Rule = { name: 'short', algorithm: 'fixed-window', limit: 5, windowMs: 10 };
    for (let window = 0; window < 1_000; window += 1) {
      admitted(store, rule, 1);
      pass(10);
      assert.equal(store.keys, 1);
    }
  });

  test('a refused cost of 8 of 10 that is written, so that a later 1 that fits is refused', () => {
    for (const algorithm of ['sliding-counter', 'token-bucket', 'sliding-log', 'fixed-window'] as const) {
      const { store } = turned();
      const rule: Rule = { name: algorithm, algorithm, limit: 10, windowMs: 60_000 };
      assert.deepEqual([admitted(store, rule, 2, 8), admitted(store, rule, 3)], [1, 2], algorithm);
    }
  });

  test('a map that grows with every fresh key until the process dies', () => {
    const { store } = turned(100);
    const rule: Rule = { name: 'sign-in', algorithm: 'sliding-log', limit: 5, windowMs: 3_600_000 };
    admitted(store, rule, 6);
    for (let key = 0; key < 50_000; key += 1) store.decideOne({ rule, key: `attacker ${key}` });
    assert.equal(store.keys, 100);
    assert.equal(admitted(store, rule, 1), 0, 'and whoever was refused still is');
  });

  test('refusals that count as use, so that a client slightly over the limit is shut out for ever', () => {
    const { store, pass } = turned();
    const rule: Rule = { name: 'polled', algorithm: 'sliding-log', limit: 10, windowMs: 1_000 };
    let count = 0;
    for (let attempt = 0; attempt < 1_100; attempt += 1) {
      count += admitted(store, rule, 1);
      pass(91);
    }
    assert.ok(count >= 990, `${count} of 1,000`);
  });

  test('answers that depend on when within a window a test happens to run', () => {
    for (let offset = 0; offset < 1_000; offset += 13) {
      const { store, pass } = turned();
      pass(offset);
      const rule: Rule = { name: 'any-time', algorithm: 'sliding-log', limit: 3, windowMs: 1_000 };
      const first = admitted(store, rule, 4);
      pass(999);
      const early = admitted(store, rule, 1);
      pass(1);
      assert.deepEqual([first, early, admitted(store, rule, 4)], [3, 0, 3]);
    }
  });
});
