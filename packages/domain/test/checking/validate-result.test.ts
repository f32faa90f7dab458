import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BlockResult, Moments } from '@simfleet/contracts';
import { validateResult } from '../../src/index.ts';
import type { Rules } from '../../src/index.ts';
import { block, exactRules, momentsOf, samplingRules } from '../builders.ts';

const small = { blockSize: 4, blocks: null, units: null };
const plain = samplingRules({ plan: small, maxPaths: 10 });
const controlled = samplingRules({ plan: small, maxPaths: 10, controlMeans: { price: 1 } });
const good = momentsOf([0, 1, 2, 4], [1, 2, 3, 9]);
const { control: goodControl, ...goodPlain } = good;
assert.ok(goodControl !== undefined);

const moments = (price: Moments, paths = 4): BlockResult => ({ kind: 'moments', paths, metrics: { price } });
const withControl = (members: Partial<NonNullable<Moments['control']>>): BlockResult =>
  moments({ ...goodPlain, control: { ...goodControl, ...members } });

const pointers = (rules: Rules, index: number, result: BlockResult): readonly string[] =>
  validateResult(rules, index, result).map(({ pointer }) => pointer);

for (const [name, rules, index, result, expected] of [
  ['a block with the size of the plan', plain, 0, moments(goodPlain), []],
  ['a block with its control variate', controlled, 0, moments(good), []],
  ['a short last block', plain, 2, block([1, 2]), []],
  ['a block of constant samples', controlled, 0, block([3, 3, 3, 3], [2, 2, 2, 2]), []],
  ['a block past the plan', plain, 3, moments(goodPlain), ['']],
  ['a negative block', plain, -1, moments(goodPlain), ['']],
  ['counts for a sampling engine', plain, 0, { kind: 'counts', counts: [1] }, ['/kind']],
  ['a full result for the short last block', plain, 2, moments(goodPlain), ['/paths']],
  ['a short result for a full block', plain, 0, block([1, 2]), ['/paths']],
  ['a missing metric', plain, 0, { kind: 'moments', paths: 4, metrics: {} }, ['/metrics/price']],
  [
    'an unknown metric',
    plain,
    0,
    { kind: 'moments', paths: 4, metrics: { price: goodPlain, 'a/b~c': goodPlain } },
    ['/metrics/a~1b~0c'],
  ],
  ['a missing control variate', controlled, 0, moments(goodPlain), ['/metrics/price/control']],
  ['a control variate that the engine does not have', plain, 0, moments(good), ['/metrics/price/control']],
  ['a mean that is no number', plain, 0, moments({ ...goodPlain, mean: NaN }), ['/metrics/price/mean']],
  ['an infinite m2', plain, 0, moments({ ...goodPlain, m2: Infinity }), ['/metrics/price/m2']],
  ['a negative m2', plain, 0, moments({ ...goodPlain, m2: -1e-9 }), ['/metrics/price/m2']],
  ['a control that is no number', controlled, 0, withControl({ cross: NaN }), ['/metrics/price/control/cross']],
  ['a negative m2 of the control', controlled, 0, withControl({ m2: -1 }), ['/metrics/price/control/m2']],
  [
    'a cross moment beyond Cauchy and Schwarz',
    controlled,
    0,
    withControl({ cross: 1e3 }),
    ['/metrics/price/control/cross'],
  ],
  ['more non-zero samples than paths', plain, 0, moments({ ...goodPlain, nonZero: 5 }), ['/metrics/price/nonZero']],
  ['half a non-zero sample', plain, 0, moments({ ...goodPlain, nonZero: 0.5 }), ['/metrics/price/nonZero']],
  ['a mean without a non-zero sample', plain, 0, moments({ ...goodPlain, nonZero: 0 }), ['/metrics/price/nonZero']],
] satisfies readonly (readonly [string, Rules, number, BlockResult, readonly string[]])[])
  test(`${name} ${expected.length === 0 ? 'is accepted' : `is refused at "${expected.join()}"`}`, () => {
    assert.deepEqual(pointers(rules, index, result), expected);
  });

const exact = exactRules(2 ** 22 + 2 ** 20 + 5, null);

for (const [name, index, result, expected] of [
  ['counts of all sub-ranges', 0, { kind: 'counts', counts: [1, 2, 3, 2 ** 20] }, []],
  ['counts of a short last block', 1, { kind: 'counts', counts: [2 ** 20, 5] }, []],
  ['too few counts', 0, { kind: 'counts', counts: [1, 2, 3] }, ['/counts']],
  ['too many counts for a short last block', 1, { kind: 'counts', counts: [1, 2, 3, 4] }, ['/counts']],
  ['a count beyond its sub-range', 0, { kind: 'counts', counts: [0, 2 ** 20 + 1, 0, -1] }, ['/counts/1', '/counts/3']],
  ['a count beyond the integers that are left', 1, { kind: 'counts', counts: [0, 6] }, ['/counts/1']],
  ['moments for an exact engine', 0, moments(goodPlain), ['/kind']],
] satisfies readonly (readonly [string, number, BlockResult, readonly string[]])[])
  test(`${name} ${expected.length === 0 ? 'are accepted' : `are refused at "${expected.join()}"`}`, () => {
    assert.deepEqual(pointers(exact, index, result), expected);
  });

test('the moments of real samples are never refused', () => {
  const sample = fc.record({
    a: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    g: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 4, maxLength: 4 }), (samples) => {
      const result = block(
        samples.map(({ a }) => a),
        samples.map(({ g }) => g),
      );
      // Sums of products may underflow to nothing; such samples are no less real.
      assert.deepEqual(validateResult(controlled, 0, result), []);
    }),
  );
});
