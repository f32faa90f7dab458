import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openMemoryLimiterStore, type MemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { errorCode } from '@simfleet/contracts';
import fc from 'fast-check';
import type { Rule } from '@simfleet/rate-limit';

const turned = (maxKeys: number): { store: MemoryLimiterStore; pass: (ms: number) => void } => {
  let ms = 1_800_000_000_000;
  const now = (): number => ms;
  const store = openMemoryLimiterStore({ clock: { now, monotonic: now }, maxKeys });
  return { store, pass: (by) => void (ms += by) };
};

const log: Rule = { name: 'log', algorithm: 'sliding-log', limit: 2, windowMs: 1_000 };
const every: readonly Rule[] = [
  log,
  { name: 'token-bucket', algorithm: 'token-bucket', limit: 2, windowMs: 1_000 },
  { name: 'leaky-bucket', algorithm: 'leaky-bucket', limit: 2, windowMs: 1_000, burst: 2 },
  { name: 'counter', algorithm: 'sliding-counter', limit: 2, windowMs: 1_000 },
  { name: 'fixed', algorithm: 'fixed-window', limit: 2, windowMs: 1_000 },
  { name: 'held', algorithm: 'concurrency', limit: 2, leaseMs: 1_000 },
];

const ask = (store: MemoryLimiterStore, rule: Rule, key: string, lease = 'a'): boolean =>
  store.decideOne(rule.algorithm === 'concurrency' ? { rule, key, lease } : { rule, key }).allowed;

/** Until it refuses. */
const exhaust = (store: MemoryLimiterStore, rule: Rule, key: string): void => {
  for (let lease = 0; ask(store, rule, key, String(lease)); lease += 1);
};

describe('the memory of the memory store', () => {
  test('a flood of fresh keys takes no more than the bound', () => {
    const { store, pass } = turned(1_000);
    for (let key = 0; key < 100_000; key += 1) {
      assert.equal(ask(store, every[key % every.length] ?? log, `flood ${key}`), true);
      if (key % 500 === 0) pass(1);
      assert.ok(store.keys <= 1_000);
    }
  });

  for (const rule of every) {
    test(`${rule.name}: whoever is refused stays so through a flood of fresh keys`, () => {
      const { store, pass } = turned(100);
      const refused = Array.from({ length: 60 }, (_, index) => `refused ${index}`);
      for (const key of refused) exhaust(store, rule, key);
      for (let key = 0; key < 5_000; key += 1) {
        assert.equal(ask(store, rule, `flood ${key}`), true);
        if (key % 100 === 0) pass(1);
      }
      for (const key of refused) assert.equal(ask(store, rule, key, 'another'), false, key);
    });

    test(`${rule.name}: when all it remembers are refused, it forgets who would be admitted soonest`, () => {
      const { store, pass } = turned(10);
      const refused = Array.from({ length: 10 }, (_, index) => `refused ${index}`);
      for (const key of refused) {
        exhaust(store, rule, key);
        pass(7);
      }
      assert.equal(ask(store, rule, 'newcomer'), true);
      assert.equal(store.keys, 10);
      const still = refused.filter((key) => !ask(store, rule, key, 'another'));
      // One was forgotten for the newcomer; that one, asked again, takes the room of the newcomer, who is not refused.
      assert.equal(still.length, 9);
      if (rule.algorithm !== 'fixed-window' && rule.algorithm !== 'sliding-counter')
        assert.ok(!still.includes('refused 0'));
    });
  }

  test('what is over is forgotten while others come, without timers', () => {
    const { store, pass } = turned(1_000_000);
    for (const rule of every) for (let key = 0; key < 1_000; key += 1) ask(store, rule, `old ${key}`);
    assert.equal(store.keys, 6_000);
    pass(2_001);
    for (let key = 0; key < 2_000; key += 1) ask(store, log, `new ${key}`);
    assert.equal(store.keys, 2_000);
  });

  test('what is over is forgotten even when nobody new comes', () => {
    const { store, pass } = turned(1_000_000);
    ask(store, { ...log, limit: 1_000_000 }, 'stays');
    for (let key = 0; key < 1_000; key += 1) ask(store, log, `old ${key}`);
    pass(900);
    ask(store, { ...log, limit: 1_000_000 }, 'stays');
    pass(101);
    for (let turn = 0; turn < 40_000; turn += 1) ask(store, { ...log, limit: 1_000_000 }, 'stays');
    assert.equal(store.keys, 1);
  });

  test('peeks and refused charges of fresh keys are not remembered', () => {
    const { store } = turned(100);
    for (let key = 0; key < 1_000; key += 1) {
      store.peek({ rule: log, key: `peek ${key}` });
      store.decideOne({ rule: log, key: `refused ${key}`, cost: 3 });
      store.decideOne({ rule: log, key: `asked ${key}`, cost: 0 });
    }
    assert.equal(store.keys, 0);
  });

  test('what is given back or reset is forgotten', () => {
    const { store } = turned(100);
    for (const rule of every) {
      const charge = rule.algorithm === 'concurrency' ? { rule, key: 'k', lease: 'a' } : { rule, key: 'k' };
      store.refund(charge, store.decideOne(charge).at);
      assert.equal(store.keys, 0, rule.name);
      store.decideOne(charge);
      store.reset(rule, 'k');
      assert.equal(store.keys, 0, rule.name);
    }
  });

  test('whoever got something back may be forgotten before those who are refused', () => {
    const { store, pass } = turned(3);
    ask(store, log, 'in passing');
    for (const key of ['first', 'second']) {
      pass(1);
      exhaust(store, log, key);
    }
    exhaust(store, log, 'third');
    const { at } = store.peek({ rule: log, key: 'second' });
    store.refund({ rule: log, key: 'second' }, at);
    ask(store, log, 'newcomer');
    assert.deepEqual(
      ['first', 'third'].map((key) => store.peek({ rule: log, key }).allowed),
      [false, false],
    );
    assert.equal(store.peek({ rule: log, key: 'second', cost: 0 }).remaining, 2);
  });

  test('charges decided together are counted even where one takes the room of another', () => {
    const { store } = turned(1);
    assert.ok(store.decide(every.slice(0, 3).map((rule) => ({ rule, key: 'k' }))).every(({ allowed }) => allowed));
    assert.equal(store.keys, 1);
  });

  test('keys that a client makes long fill no memory', () => {
    const heapMb = (): number => {
      setFlagsFromString('--expose-gc');
      (runInNewContext('gc') as () => void)();
      return process.memoryUsage().heapUsed / 2 ** 20;
    };
    const { store } = turned(10_000);
    const before = heapMb();
    for (let key = 0; key < 3_000; key += 1) {
      // As text from a socket is: of its own bytes, not of parts that others share.
      ask(store, log, Buffer.alloc(16_384, `long ${key} `).toString('latin1'));
    }
    assert.equal(store.keys, 3_000);
    const grown = heapMb() - before;
    assert.ok(grown < 10, `${grown.toFixed(1)} MiB for 3,000 keys of 16 KiB`);
  });

  test('the bound is a whole number from 1 on', () => {
    for (const maxKeys of [0, -1, 1.5, Number.NaN, 2 ** 24]) {
      assert.throws(
        () => turned(maxKeys),
        (error) => errorCode(error) === 'invalid-request',
      );
    }
  });

  test('after it is closed it says so', async () => {
    const { store } = turned(10);
    await store.close();
    assert.throws(
      () => ask(store, log, 'k'),
      (error) => errorCode(error) === 'unavailable',
    );
    await assert.rejects(store.check(), (error) => errorCode(error) === 'unavailable');
  });

  test('at the bound nobody who is refused is forgotten while somebody is not: any order of events', () => {
    const step = fc.record({
      key: fc.nat(30),
      wait: fc.constantFrom(0, 0, 0, 1, 40, 300),
      rule: fc.nat(every.length - 1),
      back: fc.boolean(),
    });
    const holds = fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const { store, pass } = turned(12);
      let ms = 0;
      /** By rule and key: until when it is refused, as it was last told. */
      const refusedUntil = new Map<string, number>();
      for (const [index, { key: number, wait, rule: which, back }] of steps.entries()) {
        pass(wait);
        ms += wait;
        const rule: Rule = every[which] ?? log;
        const key: string = `key ${number}`;
        const name: string = `${rule.name} ${key}`;
        const charge = rule.algorithm === 'concurrency' ? { rule, key, lease: `${index}` } : { rule, key };
        const known = refusedUntil.get(name);
        const decision = store.decideOne(charge);
        if (known !== undefined && ms < known) assert.equal(decision.allowed, false, `${name} was forgotten`);
        if (decision.allowed && back) store.refund(charge, decision.at);
        const told = store.peek(rule.algorithm === 'concurrency' ? { rule, key, lease: 'peek' } : { rule, key });
        if (told.allowed) refusedUntil.delete(name);
        else refusedUntil.set(name, ms + (told.retryAfterMs ?? 0));
        const refusing = [...refusedUntil.values()].filter((until) => ms < until).length;
        // With room for somebody who is not refused beside all who are; beyond that it has to forget some.
        if (refusing >= 12) return;
      }
    });
    fc.assert(holds, { numRuns: 200 });
  });
});
