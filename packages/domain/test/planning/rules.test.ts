import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { blockCount, blockUnits, rulesOf } from '../../src/index.ts';
import { samplingEngine, samplingRules, spec } from '../builders.ts';

test('decimals of a spec become numbers, and what is absent becomes null', () => {
  const rules = rulesOf(
    spec({
      maxPaths: '10000',
      precision: { metric: 'price', relativeError: '1e-3', confidence: '0.99' },
      thresholds: [{ name: 'low', metric: 'delta', below: '-0.5' }],
    }),
    samplingEngine(),
  );
  assert.deepEqual(rules, {
    kind: 'sampling',
    plan: { blockSize: 4096, blocks: null, units: null },
    maxPaths: 10_000,
    precision: { metric: 'price', relativeError: 0.001, absoluteError: null, confidence: 0.99 },
    thresholds: [{ name: 'low', metric: 'delta', below: -0.5, above: null, confidence: 0.95 }],
    controlMeans: { price: 2 },
    metrics: ['price', 'delta'],
    target: null,
  });
});

test('the block size can be overridden', () => {
  assert.equal(rulesOf(spec({ maxPaths: '10' }), samplingEngine(), { blockSize: 3 }).plan.blockSize, 3);
});

test('a metric that the engine does not have is refused by its pointer', () => {
  const wrong = spec({
    precision: { metric: 'prize', relativeError: '0.1' },
    thresholds: [
      { name: 'a', metric: 'price', below: '1' },
      { name: 'b', metric: 'gamma', below: '1' },
    ],
  });
  assert.throws(() => rulesOf(wrong, samplingEngine()), {
    code: 'invalid-request',
    mistakes: [
      { pointer: '/spec/precision/metric', detail: 'the service has no metric "prize", only price, delta' },
      { pointer: '/spec/thresholds/1/metric', detail: 'the service has no metric "gamma", only price, delta' },
    ],
  });
});

test('an unbounded job has no last block', () => {
  assert.equal(blockCount(samplingRules()), null);
  assert.equal(blockUnits(samplingRules(), 1e9), 100);
});

test('the blocks of a bounded job add up to its bound, and only the last one is short', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 700 }), (maxPaths, blockSize) => {
      const rules = samplingRules({ maxPaths, plan: { blockSize, blocks: null, units: null } });
      const sizes = Array.from({ length: blockCount(rules) ?? 0 }, (_, index) => blockUnits(rules, index));
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        maxPaths,
      );
      assert.ok(sizes.slice(0, -1).every((size) => size === blockSize));
      assert.ok((sizes.at(-1) ?? 0) > 0);
    }),
  );
});

test('a block outside the plan is refused', () => {
  for (const block of [-1, 0.5, 3, NaN])
    assert.throws(
      () => blockUnits(samplingRules({ maxPaths: 250 }), block),
      { code: 'invalid-request' },
      String(block),
    );
});
