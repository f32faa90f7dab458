import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { meterOf, type MeterState } from '../src/algorithms/index.ts';
import { scaleUp, weigh } from '../src/algorithms/weight.ts';
import type { Rule } from '../src/rule.ts';

type Counter = Rule & { readonly algorithm: 'sliding-counter' };

const counter = (limit: number, windowMs: number): Counter => ({
  name: 'c',
  algorithm: 'sliding-counter',
  limit,
  windowMs,
});

const takesOne = (rule: Rule, state: MeterState, now: number): boolean =>
  meterOf(rule).decide(rule, state, { rule, key: '' }, now, true).allowed;

/** What the README derives: the most in any windowMs milliseconds, of whole costs. */
const worstWindow = ({ limit, windowMs }: Counter): number =>
  limit + Math.max(0, Math.floor((limit * (windowMs - 2)) / windowMs));

/** The most in any window over all ways to ask for 0 … limit in each millisecond of four windows: every state that can be reached, each once. */
const worstOfAll = (rule: Counter): number => {
  const { limit, windowMs } = rule;
  let worst = 0;
  // A state, with what was admitted in each of the last windowMs milliseconds, the newest last.
  let reached = new Map<string, { readonly state: MeterState; readonly last: readonly number[] }>([
    ['', { state: meterOf(rule).start(), last: [] }],
  ]);
  for (let ms = windowMs; ms < 5 * windowMs; ms += 1) {
    const next: typeof reached = new Map();
    for (const { state, last } of reached.values()) {
      const tried = meterOf(rule).adopt(state, rule, rule, ms);
      for (let asked = 0, admitted = 0; asked <= limit; asked += 1) {
        const window = [...last, admitted].slice(-windowMs);
        worst = Math.max(
          worst,
          window.reduce((sum, count) => sum + count, 0),
        );
        const here = meterOf(rule).adopt(tried, rule, rule, ms);
        next.set(JSON.stringify([here, window]), { state: here, last: window });
        if (!takesOne(rule, tried, ms)) break;
        admitted += 1;
      }
    }
    reached = next;
  }
  return worst;
};

describe('the worst window of the sliding counter', () => {
  for (const [limit, windowMs] of [
    [1, 1],
    [3, 1],
    [1, 2],
    [3, 2],
    [1, 3],
    [2, 3],
    [4, 3],
    [1, 4],
    [2, 4],
    [3, 4],
    [2, 5],
    [3, 5],
  ] as const) {
    test(`${limit} in ${windowMs} ms: of all that can happen, the worst is what is derived`, () => {
      const rule = counter(limit, windowMs);
      assert.equal(worstOfAll(rule), worstWindow(rule));
    });
  }

  test('100 a minute: 199 within a minute, by who knows where windows begin', () => {
    const rule = counter(100, 60_000);
    const state = meterOf(rule).start();
    const start = 60_000 * 30_000_000;
    let admitted = 0;
    while (takesOne(rule, state, start - 1)) admitted += 1;
    // The minute that begins with the burst ends with the last millisecond but one of the window.
    for (let ms = start; ms < start + 59_999; ms += 1) while (takesOne(rule, state, ms)) admitted += 1;
    assert.equal(admitted, worstWindow(rule));
    assert.equal(admitted, 199);
  });

  test('any limit, window and pressure: never more, and no more than limit + limit · t ÷ window in any time t', () => {
    const pressure = fc.array(fc.record({ wait: fc.nat(40), asked: fc.integer({ min: 1, max: 20 }) }), {
      minLength: 1,
      maxLength: 80,
      size: 'max',
    });
    const held = fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 60 }),
      pressure,
      (limit, windowMs, steps) => {
        const rule = counter(limit, windowMs);
        const state = meterOf(rule).start();
        const admitted: number[] = [];
        let ms = 600_000;
        for (const { wait, asked } of steps) {
          ms += wait;
          for (let turn = 0; turn < asked; turn += 1) if (takesOne(rule, state, ms)) admitted.push(ms);
        }
        for (const [from, first] of admitted.entries()) {
          for (const [further, at] of admitted.slice(from).entries()) {
            const count = further + 1;
            assert.ok(
              count * windowMs <= limit * (windowMs + Math.max(0, at - first - 1)),
              `${count} within ${at - first} ms`,
            );
            if (at - first < windowMs) assert.ok(count <= worstWindow(rule));
          }
        }
      },
    );
    fc.assert(held, { numRuns: 500 });
  });
});

describe('what costs weigh', () => {
  test('whole ones themselves, fractions no less, and no more than a 1024th above', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (cost) => {
        const weight = weigh(cost, 100);
        assert.ok(weight >= cost && weight - cost <= 1 / 1024);
        assert.equal(weigh(Math.floor(cost), 100), Math.floor(cost));
        assert.equal(weigh(cost, 2 ** 50), Math.ceil(cost));
      }),
    );
  });

  test('sums of any costs, added and taken away in any order, are exact', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (costs) => {
        const weights = costs.map((cost) => weigh(cost, 2 ** 42));
        const sum = weights.reduce((total, weight) => total + weight, 0);
        assert.equal(
          weights.toReversed().reduce((left, weight) => left - weight, sum),
          0,
        );
      }),
    );
  });

  test('a product and quotient is rounded up once, as of whole numbers of any length', () => {
    const windows = fc.integer({ min: 1, max: 31 * 86_400_000 });
    fc.assert(
      fc.property(fc.maxSafeNat(), windows, windows, (value, numerator, denominator) => {
        const exact = (BigInt(value) * BigInt(numerator) + BigInt(denominator) - 1n) / BigInt(denominator);
        const most = BigInt(Number.MAX_SAFE_INTEGER);
        assert.equal(scaleUp(value, numerator, denominator), Number(exact > most ? most : exact));
      }),
      { numRuns: 2_000 },
    );
  });
});
