import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BlockResult } from '@simfleet/contracts';
import { advance, begin, blockCount, blockUnits, pathsOf } from '../../src/index.ts';
import { exactRules, runBlocks } from '../builders.ts';

const counts = (...values: readonly number[]): BlockResult => ({ kind: 'counts', counts: [...values] });
const subrange = 2 ** 20;

test('an exact job without a target folds all its blocks and adds them up', () => {
  const rules = exactRules(10 * subrange, null);
  const results = [counts(1, 2, 3, 4), counts(5, 6, 7, 8), counts(9, 10)];
  const state = runBlocks(rules, (index) => results[index] ?? counts());
  assert.deepEqual(state.folded, { kind: 'counts', blocks: 3, total: 55, found: null });
  assert.equal(state.ended, 'Completed');
});

test('an exact job ends with the block in which the total reaches its target, and names the sub-range', () => {
  const rules = exactRules(40 * subrange, 20);
  const results = [counts(1, 2, 3, 4), counts(5, 4, 1, 0), counts(9, 10, 1, 1)];
  const state = runBlocks(rules, (index) => results[index] ?? counts());
  assert.deepEqual(state.folded, { kind: 'counts', blocks: 2, total: 20, found: { subrange: 6, before: 19 } });
  assert.equal(state.ended, 'Completed');
  assert.equal(pathsOf(rules, state), 8 * subrange);
});

test('a target in the very first sub-range is found there', () => {
  const state = runBlocks(exactRules(40 * subrange, 1), () => counts(7, 0, 0, 0));
  assert.deepEqual(state.folded, { kind: 'counts', blocks: 1, total: 7, found: { subrange: 0, before: 0 } });
});

test('a target that no block reaches ends the job without a sub-range', () => {
  const state = runBlocks(exactRules(8 * subrange, 1e9), () => counts(1, 1, 1, 1));
  assert.deepEqual([state.folded, state.ended], [{ kind: 'counts', blocks: 2, total: 8, found: null }, 'Completed']);
});

test('the sub-range found is the one that a plain search finds', () => {
  const blocks = fc.array(fc.array(fc.nat({ max: 50 }), { minLength: 4, maxLength: 4 }), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(blocks, fc.integer({ min: 1, max: 1500 }), (all, target) => {
      const rules = exactRules(all.length * 4 * subrange, target);
      const state = runBlocks(rules, (index) => counts(...(all[index] ?? [])));
      const flat = all.flat();
      const sums = flat.map((_, index) => flat.slice(0, index + 1).reduce((sum, count) => sum + count, 0));
      const first = sums.findIndex((sum) => sum >= target);
      const before = sums[first - 1] ?? 0;
      assert.ok(state.folded.kind === 'counts');
      assert.deepEqual(state.folded.found, first === -1 ? null : { subrange: first, before });
      assert.equal(state.folded.blocks, first === -1 ? all.length : Math.floor(first / 4) + 1);
    }),
  );
});

test('the last block of an exact job holds what is left of its integers', () => {
  const rules = exactRules(2 ** 22 + 5, null);
  assert.deepEqual([blockCount(rules), blockUnits(rules, 0), blockUnits(rules, 1)], [2, 2 ** 22, 5]);
  assert.throws(() => blockUnits(rules, 2), { code: 'invalid-request' });
});

test('a result of the wrong kind is never folded', () => {
  const rules = exactRules(subrange, null);
  assert.throws(() => advance(rules, begin(rules), { kind: 'moments', paths: 1, metrics: {} }), { code: 'internal' });
});
