import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { estimator } from '../../src/judging/estimator.ts';
import type { Rules } from '../../src/index.ts';
import { block, momentsOf, runBlocks, samplingRules } from '../builders.ts';

const fold = (rules: Rules, chunks: readonly { readonly a: readonly number[]; readonly g?: readonly number[] }[]) => {
  const { folded } = runBlocks(rules, (index) => block(chunks[index]?.a ?? [], chunks[index]?.g), chunks.length);
  assert.equal(folded.kind, 'moments');
  return folded;
};

const close = (actual: number, expected: number, scale: number): void =>
  assert.ok(Math.abs(actual - expected) <= 1e-10 * (scale + Math.abs(expected)), `${actual} for ${expected}`);

const sample = fc.double({ min: -1000, max: 1000, noNaN: true });
const pairs = fc.array(fc.array(fc.record({ a: sample, g: sample }), { minLength: 1, maxLength: 20 }), {
  minLength: 1,
  maxLength: 10,
});

test('folding blocks one by one gives the moments of all their samples together', () => {
  fc.assert(
    fc.property(pairs, (chunks) => {
      const rules = samplingRules({ controlMeans: { price: 0 } });
      const folded = fold(
        rules,
        chunks.map((chunk) => ({ a: chunk.map(({ a }) => a), g: chunk.map(({ g }) => g) })),
      );
      const all = chunks.flat();
      const expected = momentsOf(
        all.map(({ a }) => a),
        all.map(({ g }) => g),
      );
      const actual = folded.metrics.price;
      assert.equal(folded.paths, all.length);
      assert.equal(actual?.nonZero, expected.nonZero);
      close(actual?.mean ?? NaN, expected.mean, 1000);
      close(actual?.m2 ?? NaN, expected.m2, 1e6 * all.length);
      close(actual?.control?.mean ?? NaN, expected.control?.mean ?? NaN, 1000);
      close(actual?.control?.m2 ?? NaN, expected.control?.m2 ?? NaN, 1e6 * all.length);
      close(actual?.control?.cross ?? NaN, expected.control?.cross ?? NaN, 1e6 * all.length);
    }),
  );
});

test('a first block is folded without a rounding error', () => {
  const one = momentsOf([0.1, 0.7, 0.30000000000000004], [1.1, -2.3, 5.7]);
  const folded = fold(samplingRules({ controlMeans: { price: 0 } }), [
    { a: [0.1, 0.7, 0.30000000000000004], g: [1.1, -2.3, 5.7] },
  ]);
  const { mean, m2, nonZero, control } = folded.metrics.price ?? {};
  assert.deepEqual({ mean, m2, nonZero, control }, one);
});

test('moments stay accurate when the mean dwarfs the deviation', () => {
  const chunks = Array.from({ length: 50 }, (_, i) => ({ a: [1e9 + i, 1e9 - i, 1e9 + 0.5] }));
  const shifted = momentsOf(chunks.flatMap(({ a }) => a.map((x) => x - 1e9)));
  const folded = fold(samplingRules(), chunks);
  assert.ok(Math.abs((folded.metrics.price?.m2 ?? 0) / shifted.m2 - 1) < 1e-9);
});

test('the coefficient of the control comes from the whole prefix, not from its blocks', () => {
  // In each block a and g are unrelated or opposed; over both blocks they rise together.
  const rules = samplingRules({ controlMeans: { price: 5 } });
  const chunks = [
    { a: [0, 1, 0, 1], g: [1, 0, 0, 1] },
    { a: [10, 11, 10, 11], g: [11, 10, 10, 11] },
  ];
  const estimate = estimator(rules, fold(rules, chunks), 'price');
  const all = momentsOf(
    chunks.flatMap(({ a }) => a),
    chunks.flatMap(({ g }) => g),
  );
  const beta = (all.control?.cross ?? 0) / (all.control?.m2 ?? 1);
  close(estimate?.beta ?? NaN, beta, 0);
  close(estimate?.value ?? NaN, 5.5 - beta * (5.5 - 5), 0);
  close(estimate?.variance ?? NaN, (all.m2 - beta * (all.control?.cross ?? 0)) / (8 - 2), 0);
});

test('a control that never varies is left out of the estimate', () => {
  const rules = samplingRules({ controlMeans: { price: 4 } });
  const estimate = estimator(rules, fold(rules, [{ a: [1, 2, 3, 4], g: [7, 7, 7, 7] }]), 'price');
  assert.deepEqual([estimate?.beta, estimate?.value, estimate?.variance], [0, 2.5, 2.5]);
});

test('a control that equals the sample leaves no variance, and never a negative one', () => {
  const a = [0.1, 0.2, 0.7, 1e-3, 12.5];
  const rules = samplingRules({ controlMeans: { price: 3 } });
  const estimate = estimator(
    rules,
    fold(rules, [
      { a, g: a },
      { a, g: a },
    ]),
    'price',
  );
  close(estimate?.value ?? NaN, 3, 0);
  assert.ok(
    estimate?.variance !== null && estimate !== undefined && estimate.variance >= 0 && estimate.variance < 1e-14,
  );
});

test('one path has a value but no variance', () => {
  const rules = samplingRules();
  assert.deepEqual(estimator(rules, fold(rules, [{ a: [3] }]), 'price')?.variance, null);
  const controlled = samplingRules({ controlMeans: { price: 0 } });
  assert.equal(estimator(controlled, fold(controlled, [{ a: [3, 4], g: [1, 2] }]), 'price')?.variance, null);
});

test('a short last block counts for the estimate but not for the scatter between blocks', () => {
  const rules = samplingRules({ plan: { blockSize: 4, blocks: null, units: null }, maxPaths: 10 });
  const folded = fold(rules, [{ a: [1, 2, 3, 4] }, { a: [2, 4, 6, 8] }, { a: [100, 200] }]);
  assert.equal(folded.paths, 10);
  assert.equal(folded.metrics.price?.spread.blocks, 2);
  assert.deepEqual(folded.metrics.price?.spread.means, [(5 / 4 + 20 / 4) / 2, 0, 0]);
});

test('no sign of zero is kept, since JSON loses it on the way from a shard', () => {
  const result = { kind: 'moments' as const, paths: 100, metrics: { price: { mean: -0, m2: 0, nonZero: 0 } } };
  const { folded } = runBlocks(samplingRules(), () => result, 2);
  assert.ok(folded.kind === 'moments' && Object.is(folded.metrics.price?.mean, 0));
});
