import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openKernelFile } from '../../src/engines/kernel-file.ts';

/** Rows [argument, nearest double to the exact value, what is left of it], made by hack/make-kernel-tables.py with 200 bits. */
type Row = readonly [number, number, number];
const tables = JSON.parse(readFileSync(join(import.meta.dirname, 'high-precision.json'), 'utf8')) as Record<
  'exp' | 'log' | 'normal',
  readonly Row[]
>;

/** Distance between neighbouring doubles at x. */
const ulpOf = (x: number): number => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  return view.getFloat64(0) - Math.abs(x);
};

const worstUlps = (rows: readonly Row[], compute: (x: number) => number): number =>
  Math.max(...rows.map(([x, nearest, rest]) => Math.abs(compute(x) - nearest - rest) / ulpOf(nearest)));

const kernel = () => {
  const { call } = openKernelFile('european-option');
  return (name: string, ...inputs: readonly (number | bigint)[]): number => Number(call(name, ...inputs));
};

test('exp is within 1.0 ulp of the exact value over its range', () => {
  const call = kernel();
  const worst = worstUlps(tables.exp, (x) => call('probeExp', x));
  assert.ok(worst <= 1, `${worst} ulp`);
});

test('log is within 1.0 ulp of the exact value over its range', () => {
  const call = kernel();
  const worst = worstUlps(tables.log, (x) => call('probeLog', x));
  assert.ok(worst <= 1, `${worst} ulp`);
});

test('the inverse normal is within 5 ulp of the exact value for every magnitude a uniform can have', () => {
  const call = kernel();
  const worst = worstUlps(tables.normal, (index) => call('probeNormal', BigInt(index) << 12n));
  assert.ok(worst <= 5, `${worst} ulp`);
});

test('the inverse normal is odd: the lowest bit is its sign', () => {
  const call = kernel();
  for (const [index] of tables.normal) {
    const bits = BigInt(index) << 12n;
    assert.equal(call('probeNormal', bits | 1n), -call('probeNormal', bits));
  }
});

test('the smallest and the largest uniforms give finite normals', () => {
  const call = kernel();
  assert.ok(call('probeNormal', 0n) > 8.2 && call('probeNormal', 0n) < 8.3);
  const nearest = call('probeNormal', (2n ** 52n - 1n) << 12n);
  assert.ok(nearest > 0 && nearest < 2e-16);
});

test('exp of anything below its range is positive and finite', () => {
  const call = kernel();
  for (const x of [-691, -1e4, -1e300, -Infinity]) assert.ok(call('probeExp', x) > 0 && call('probeExp', x) < 1e-299);
});
