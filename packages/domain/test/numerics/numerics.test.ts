import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { erfc, exp, log, normalCdf, normalQuantile, studentUpperQuantile } from '../../src/numerics/index.ts';

type Row = readonly [argument: number, high: number, low: number];
type Tables = Readonly<Record<'exp' | 'log' | 'erfc' | 'normalCdf' | 'normalQuantile' | 'studentUpperQuantile', Row[]>>;
const tables = JSON.parse(readFileSync(new URL('tables.json', import.meta.url), 'utf8')) as Tables;

/** Distance to the next larger double. */
const ulp = (x: number): number => {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(x));
  bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
  return bits.getFloat64(0) - Math.abs(x);
};

/** Largest error over a table, in units that `scale` gives for the exact value. */
const worst = (table: readonly Row[], own: (x: number) => number, scale: (exact: number) => number): number =>
  Math.max(...table.map(([x, high, low]) => Math.abs(own(x) - high - low) / scale(high)));

test('exp is within one unit in the last place of the exact value', () => {
  assert.ok(worst(tables.exp, exp, ulp) < 1);
});

test('log is within one unit in the last place of the exact value', () => {
  assert.ok(worst(tables.log, log, ulp) < 1);
});

test('erfc keeps its relative accuracy far into the tail', () => {
  assert.ok(worst(tables.erfc, erfc, Math.abs) < 4e-15);
});

test('normalCdf keeps its relative accuracy to 37 standard deviations', () => {
  assert.ok(worst(tables.normalCdf, normalCdf, (exact) => (exact < 1e-15 ? 100 : 1) * exact) < 1e-14);
});

test('normalQuantile is right to 14 digits for probabilities down to 1e-300', () => {
  assert.ok(worst(tables.normalQuantile, normalQuantile, (exact) => Math.max(0.01, Math.abs(exact))) < 1e-14);
});

test("Student's quantile is never too large, and at most 1 % too small where the stop rule asks for it", () => {
  for (const [tail, degrees, exact] of tables.studentUpperQuantile) {
    if (degrees < 15 || tail < 1e-5) continue;
    const ratio = studentUpperQuantile(tail, degrees) / exact;
    assert.ok(ratio > 0.99 && ratio < 1.001, `${tail} ${degrees}: ${ratio}`);
  }
});

test('the edges are where mathematics has them', () => {
  assert.deepEqual([exp(0), exp(-Infinity), exp(Infinity), exp(NaN)], [1, 0, Infinity, NaN]);
  assert.deepEqual([log(1), log(0), log(Infinity), log(-1), log(NaN)], [0, -Infinity, Infinity, NaN, NaN]);
  assert.deepEqual([normalCdf(-Infinity), normalCdf(0), normalCdf(Infinity)], [0, 0.5, 1]);
  assert.deepEqual([0, 0.5, 1, -0.1, NaN].map(normalQuantile), [-Infinity, 0, Infinity, NaN, NaN]);
  assert.ok(exp(-745.13) > 0 && exp(-745.14) === 0 && exp(709.78) < Infinity && exp(709.79) === Infinity);
});

test('exp fades out gradually below the smallest normal number', () => {
  for (let x = -709; x > -744; x -= 0.5)
    assert.ok(Math.abs(exp(x) - exp(x + 60) * exp(-60)) <= 5e-324 + exp(x) * 1e-15);
});

test('quantile and distribution function undo each other', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-12, max: 0.5, noNaN: true }), (p) => {
      assert.ok(Math.abs(normalCdf(normalQuantile(p)) / p - 1) < 1e-13);
      assert.equal(normalQuantile(1 - p), 0 - normalQuantile(1 - (1 - p)));
    }),
  );
});

test('log undoes exp', () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
      assert.ok(Math.abs(log(exp(x)) - x) <= 4e-16 + Math.abs(x) * 3e-16);
    }),
  );
});

test('the functions are monotone from one double to the next but for their last bit', () => {
  for (const own of [exp, log, normalCdf]) {
    for (let x = 0.3; x < 0.3 + 1e-13; x += ulp(x))
      assert.ok(own(x + ulp(x)) >= own(x) - ulp(own(x)), `${own.name}(${x})`);
  }
});
