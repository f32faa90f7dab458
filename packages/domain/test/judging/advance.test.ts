import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BlockResult } from '@simfleet/contracts';
import { advance, begin, blockCount, blockUnits, estimatesOf, resultDigest } from '../../src/index.ts';
import type { Folded, Judged, Rules } from '../../src/index.ts';
import { lookAfter } from '../../src/judging/looks.ts';
import { block, payoffs, precision, runBlocks, samplingRules, steps, threshold, uniforms } from '../builders.ts';

/** Block of a job: the same for the same seed, index and size, as a kernel's. */
const blockOf = (seed: number, index: number, units: number): BlockResult =>
  block(payoffs(uniforms(seed * 100_003 + index), units));

const digestOf = (folded: Folded): string =>
  resultDigest({
    engine: 'toy',
    engineVersion: '1',
    kernelHash: '00',
    parameters: {},
    seed: '1',
    blockSize: 100,
    folded,
  });

const run = (rules: Rules, seed: number): Judged =>
  runBlocks(rules, (index) => blockOf(seed, index, blockUnits(rules, index)), 2000);

test('precision is judged at looks only, and the job ends at the first that is precise', () => {
  const rules = samplingRules({ precision: precision({ relativeError: 0.05 }) });
  const state = run(rules, 1);
  assert.equal(state.ended, 'PrecisionReached');
  const schedule: number[] = [];
  for (let next = lookAfter(0); next <= state.folded.blocks; next = lookAfter(next)) schedule.push(next);
  assert.equal(schedule.at(-1), state.folded.blocks);
  assert.equal(state.look, schedule.length);
  const [estimate] = estimatesOf(rules, state);
  assert.ok(((estimate?.ciHigh ?? NaN) - (estimate?.value ?? NaN)) / (estimate?.value ?? NaN) < 0.05);
});

test('the interval reported is value ± z·s/√n with the confidence that was asked for', () => {
  const rules = samplingRules({ precision: precision({ relativeError: 0.05, confidence: 0.99 }) });
  const state = run(rules, 1);
  const [estimate] = estimatesOf(rules, state);
  assert.ok(estimate !== undefined && estimate.standardError !== null && state.folded.kind === 'moments');
  const { mean, m2 } = state.folded.metrics.price ?? { mean: NaN, m2: NaN };
  const n = state.folded.paths;
  assert.equal(estimate.value, mean);
  assert.ok(Math.abs(estimate.standardError / Math.sqrt(m2 / (n - 1) / n) - 1) < 1e-12);
  assert.ok(Math.abs(((estimate.ciHigh ?? NaN) - mean) / estimate.standardError - 2.5758293035489) < 1e-9);
  assert.deepEqual([estimate.confidence, estimate.paths], [0.99, n]);
});

test('nothing is estimated before the first block, and no error from a single path', () => {
  const rules = samplingRules({ plan: { blockSize: 1, blocks: null, units: null } });
  assert.deepEqual(estimatesOf(rules, begin(rules)), []);
  const [estimate] = estimatesOf(
    rules,
    runBlocks(rules, () => block([3]), 1),
  );
  assert.deepEqual(estimate, {
    name: 'price',
    value: 3,
    standardError: null,
    ciLow: null,
    ciHigh: null,
    confidence: 0.95,
    paths: 1,
  });
});

test('zero pay-offs are never precise, not even absolutely', () => {
  const rules = samplingRules({ precision: precision({ absoluteError: 1000 }) });
  assert.equal(runBlocks(rules, () => block(Array.from({ length: 100 }, () => 0)), 500).ended, null);
});

test('a certain pay-off is precise at the first look', () => {
  const rules = samplingRules({ precision: precision({ relativeError: 1e-9 }) });
  const state = runBlocks(rules, () => block(Array.from({ length: 100 }, () => 9.25)), 500);
  assert.deepEqual([state.ended, state.folded.blocks], ['PrecisionReached', lookAfter(0)]);
});

test('the wider of relative and absolute error is the target', () => {
  const blocks = (members: Parameters<typeof precision>[0]): number =>
    run(samplingRules({ precision: precision(members) }), 3).folded.blocks;
  const [loose, tight] = [blocks({ relativeError: 0.08 }), blocks({ relativeError: 0.04 })];
  assert.ok(loose < tight);
  assert.equal(blocks({ relativeError: 0.04, absoluteError: 0.08 }), blocks({ absoluteError: 0.08 }));
  assert.equal(blocks({ relativeError: 0.08, absoluteError: 0.04 }), loose);
});

test('a job that reaches its bound is Completed, with a short last block', () => {
  const state = run(samplingRules({ maxPaths: 2050 }), 1);
  assert.ok(state.folded.kind === 'moments');
  assert.deepEqual([state.ended, state.folded.blocks, state.folded.paths], ['Completed', 21, 2050]);
});

test('the bound itself is no look, wherever it falls between looks', () => {
  // 41 blocks lie between the looks at 40 and 42; precision asks so little that any look would be precise but the first.
  const rules = samplingRules({ maxPaths: 4100, thresholds: [threshold({ above: -1e9 })] });
  const last = steps(
    rules,
    Array.from({ length: 41 }, (_, index) => blockOf(1, index, 100)),
  ).at(-1);
  assert.deepEqual([last?.looked, last?.state.ended], [false, 'Completed']);
});

test('a short last block makes no look, even where a full one would', () => {
  const rules = samplingRules({ maxPaths: 1599, precision: precision({ relativeError: 10 }) });
  assert.equal(run(rules, 1).ended, 'Completed');
});

test('a look that falls on the bound goes first: a job precise there ends PrecisionReached', () => {
  const rules = samplingRules({ maxPaths: 1600, precision: precision({ relativeError: 10 }) });
  assert.equal(run(rules, 1).ended, 'PrecisionReached');
  assert.equal(run({ ...rules, precision: precision({ relativeError: 1e-9 }) }, 1).ended, 'Completed');
});

test('a job that has ended folds no further block', () => {
  const rules = samplingRules({ maxPaths: 300 });
  const state = run(rules, 1);
  assert.equal(advance(rules, state, blockOf(1, 3, 100)).state, state);
});

test('advance changes nothing in the state it is given', () => {
  const rules = samplingRules({ thresholds: [threshold({ above: 0.5 })] });
  let state = begin(rules);
  for (let index = 0; index < 40; index += 1) {
    const before = structuredClone(state);
    const next = advance(rules, state, blockOf(1, index, 100)).state;
    assert.deepEqual(state, before);
    state = next;
  }
});

test('the digest is the same for any order of arrival', () => {
  const rules = samplingRules({ precision: precision({ relativeError: 0.06 }), maxPaths: 6_050 });
  const expected = digestOf(run(rules, 7).folded);
  const count = blockCount(rules) ?? 0;
  const order = fc.shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count });
  fc.assert(
    fc.property(order, (arrivals) => {
      const waiting = new Map<number, BlockResult>();
      let state = begin(rules);
      for (const index of arrivals) {
        waiting.set(index, blockOf(7, index, blockUnits(rules, index)));
        for (let next = waiting.get(state.folded.blocks); next !== undefined && state.ended === null;) {
          waiting.delete(state.folded.blocks);
          state = advance(rules, state, next).state;
          next = waiting.get(state.folded.blocks);
        }
      }
      assert.equal(digestOf(state.folded), expected);
    }),
    { numRuns: 20 },
  );
});

test('a state that was stored as JSON goes on to the same digest', () => {
  const rules = samplingRules({ maxPaths: 5_000 });
  const half = runBlocks(rules, (index) => blockOf(9, index, 100), 23);
  let state = JSON.parse(JSON.stringify(half)) as Judged;
  while (state.ended === null) state = advance(rules, state, blockOf(9, state.folded.blocks, 100)).state;
  assert.equal(digestOf(state.folded), digestOf(run(rules, 9).folded));
});

test('an extended job, judged again from the first look, has the digest of a fresh job with the final bounds', () => {
  const bounds = fc.record({
    seed: fc.nat(1000),
    maxPaths: fc.integer({ min: 1, max: 4000 }),
    more: fc.integer({ min: 0, max: 4000 }),
    relativeError: fc.double({ min: 0.05, max: 1, noNaN: true }),
    tighter: fc.double({ min: 0.1, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(bounds, ({ seed, maxPaths, more, relativeError, tighter }) => {
      const first = samplingRules({ maxPaths, precision: precision({ relativeError }) });
      const final = samplingRules({
        maxPaths: maxPaths + more,
        precision: precision({ relativeError: relativeError * tighter }),
      });
      // The ledger of the first run, by (block, paths); some blocks past its end were reported as well.
      const ledger = new Map<string, BlockResult>();
      const end = Math.min(run(first, seed).folded.blocks + 3, blockCount(first) ?? 0);
      for (let index = 0; index < end; index += 1) {
        const units = blockUnits(first, index);
        ledger.set(`${index}:${units}`, blockOf(seed, index, units));
      }
      const extended = runBlocks(final, (index) => {
        const units = blockUnits(final, index);
        return ledger.get(`${index}:${units}`) ?? blockOf(seed, index, units);
      });
      const fresh = run(final, seed);
      assert.equal(digestOf(extended.folded), digestOf(fresh.folded));
      assert.deepEqual(extended, fresh);
    }),
    { numRuns: 60 },
  );
});
