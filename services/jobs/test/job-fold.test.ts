import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobSpec } from '@simfleet/contracts';
import { resultDigest, rulesOf } from '@simfleet/domain';
import fc from 'fast-check';
import { openJobFold } from '../src/estimate/job-fold.ts';
import type { JobFold } from '../src/estimate/job-fold.ts';
import { smallBlock, smallEngine } from './support/small-engine.ts';

const engine = smallEngine();
const parameters = { level: 5, spread: 2 };
const spec = jobSpec.parse({
  serviceRef: { name: 'small-engine' },
  parameters,
  precision: { metric: 'price', absoluteError: '0.15' },
  maxPaths: '5050',
  thresholds: [{ name: 'high', metric: 'price', above: '4' }],
});
const rules = rulesOf(spec, engine);
const done = Array.from({ length: 51 }, (_, block) => ({
  block,
  result: smallBlock({ parameters, seed: 0n, blockSize: 100, block, units: block === 50 ? 50 : 100 }),
}));

const digestOf = (fold: JobFold): string =>
  resultDigest({
    engine: engine.name,
    engineVersion: '1',
    kernelHash: engine.kernelHash,
    parameters,
    seed: '0',
    blockSize: 100,
    folded: fold.state.folded,
  });

const inOrder = openJobFold(rules, engine, parameters);
const looksInOrder = inOrder.add(done).looks;

test('the job of this test stops at a look before its last block', () => {
  assert.equal(inOrder.state.ended, 'PrecisionReached');
  assert.ok(inOrder.prefix < 51);
});

test('blocks in any order, in reports of any size, some of them twice, give the same digest, looks and verdicts', () => {
  const order = fc.shuffledSubarray(done, { minLength: done.length });
  fc.assert(
    fc.property(
      order,
      fc.array(fc.nat(50), { maxLength: 10 }),
      fc.integer({ min: 1, max: 9 }),
      (arrival, again, size) => {
        const fold = openJobFold(rules, engine, parameters);
        const all = [...arrival, ...again.flatMap((block) => done[block] ?? [])];
        const looks = [];
        for (let at = 0; at < all.length; at += size) looks.push(...fold.add(all.slice(at, at + size)).looks);
        assert.equal(digestOf(fold), digestOf(inOrder));
        assert.deepEqual(looks, looksInOrder);
        assert.deepEqual(fold.state.thresholds, inOrder.state.thresholds);
        assert.equal(fold.reported, done.length);
      },
    ),
  );
});

test('the short last block of narrower bounds does not fit wider ones', () => {
  const wider = openJobFold(rulesOf({ ...spec, maxPaths: '8000' }, engine), engine, parameters);
  assert.equal(wider.fits(done[50] ?? assert.fail()), false);
  assert.equal(wider.fits(done[49] ?? assert.fail()), true);
});

test('blocks outside the plan, or further ahead than any lease, are not possible', () => {
  assert.equal(inOrder.isPossible(50), true);
  assert.equal(inOrder.isPossible(51), false);
  assert.equal(inOrder.isPossible(-1), false);
  const { maxPaths: _, ...unbounded } = spec;
  const fold = openJobFold(rulesOf(unbounded, engine), engine, parameters);
  assert.equal(fold.isPossible(1_000_000), true);
  assert.equal(fold.isPossible(10_000_000), false);
});
