import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin, expectedPaths } from '../../src/index.ts';
import { block, exactRules, payoffs, precision, runBlocks, samplingRules, uniforms } from '../builders.ts';

const exponential = (seed: number, p = 1) => {
  const draw = uniforms(seed);
  return () => block(payoffs(draw, 100, p));
};

test('a pilot of a few blocks foretells the paths of the whole job', () => {
  const rules = samplingRules({ precision: precision({ relativeError: 0.01 }) });
  const expected = expectedPaths(rules, runBlocks(rules, exponential(1), 50));
  const actual = runBlocks(rules, exponential(2)).folded;
  assert.ok(actual.kind === 'moments' && expected !== null);
  assert.ok(Math.abs(expected / actual.paths - 1) < 0.25, `${expected} for ${actual.paths}`);
});

test('just before its end a job expects to end at the next look', () => {
  const rules = samplingRules({ precision: precision({ relativeError: 0.02 }) });
  const end = runBlocks(rules, exponential(3));
  const before = runBlocks(rules, exponential(3), end.folded.blocks - 1);
  assert.equal(expectedPaths(rules, before), before.nextLook * 100);
});

test('a job that has ended expects what it took', () => {
  const rules = samplingRules({ precision: precision({ relativeError: 0.05 }), maxPaths: 1_000_000 });
  const end = runBlocks(rules, exponential(4));
  assert.ok(end.folded.kind === 'moments');
  assert.equal(expectedPaths(rules, end), end.folded.paths);
});

test('the bound is the most a job expects, and all it expects without a precision', () => {
  const tight = precision({ relativeError: 1e-6 });
  const state = (rules: Parameters<typeof begin>[0]) => runBlocks(rules, exponential(5), 20);
  const both = samplingRules({ precision: tight, maxPaths: 12_345 });
  assert.equal(expectedPaths(both, state(both)), 12_345);
  const bounded = samplingRules({ maxPaths: 12_345 });
  assert.equal(expectedPaths(bounded, state(bounded)), 12_345);
  assert.equal(expectedPaths(exactRules(5_000_000, 10), begin(exactRules(5_000_000, 10))), 5_000_000);
});

test('nothing is known before the first block, from zeros alone, or of a relative error around zero', () => {
  const rules = samplingRules({ precision: precision({ relativeError: 0.01 }) });
  assert.equal(expectedPaths(rules, begin(rules)), null);
  assert.equal(
    expectedPaths(
      rules,
      runBlocks(rules, () => block(Array.from({ length: 100 }, () => 0)), 30),
    ),
    null,
  );
  assert.equal(
    expectedPaths(
      rules,
      runBlocks(rules, () => block([1, -1]), 30),
    ),
    null,
  );
});

test('rare pay-offs make a job expect at least the paths that its minimum of samples takes', () => {
  const rules = samplingRules({ precision: precision({ relativeError: 5 }) });
  const expected = expectedPaths(rules, runBlocks(rules, exponential(6, 0.01), 100));
  assert.ok(expected !== null && expected > 30_000, String(expected));
});
