import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  conditionMessage,
  jobConditions,
  longestMessage,
  maxCount,
  maxShards,
  mostMetrics,
  simulationJobStatus,
} from '../src/index.ts';
import type { JobConditionType, SimulationJobStatus } from '../src/index.ts';

const now = '2026-01-01T00:00:00.000Z';
/** 24 characters: the longest decimal that JavaScript writes for a double. */
const longestFigure = String(-Number.MIN_VALUE * 2 ** 60 * 1.1234567890123457);
const longestName = (number: number): string => `m${number}`.padEnd(63, 'x');
const times = <Item>(count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Everything as large as its shape allows, in letters of three bytes. */
const largest: SimulationJobStatus = {
  observedGeneration: maxCount,
  jobId: `job-${'0'.repeat(36)}`,
  state: 'Succeeded',
  stopReason: 'EngineUnavailable',
  conditions: (Object.keys(jobConditions) as JobConditionType[]).map((type) => ({
    type,
    status: 'Unknown',
    observedGeneration: maxCount,
    lastTransitionTime: now,
    reason: 'PlatformUnavailable',
    message: conditionMessage('長'.repeat(100_000)),
  })),
  run: maxCount,
  startTime: now,
  completionTime: now,
  lastUpdatedTime: now,
  accumulatedSeconds: maxCount,
  counts: {
    shards: { active: maxShards, succeeded: maxShards, failed: maxShards },
    blocks: maxCount,
    blocksReported: maxCount,
    paths: maxCount,
  },
  progress: { fraction: longestFigure, remainingSeconds: maxCount, text: '42 %', eta: '3h20m' },
  estimates: times(mostMetrics, (index) => ({
    name: longestName(index),
    value: longestFigure,
    standardError: longestFigure,
    ciLow: longestFigure,
    ciHigh: longestFigure,
    paths: maxCount,
  })),
  thresholds: times(32, (index) => ({ name: longestName(index), verdict: 'NotCrossed' })),
  value: longestFigure,
  halfWidth: longestFigure,
  resultDigest: 'f'.repeat(64),
};

test('the largest status, of 1,000 shards, is under 16 KB', () => {
  const bytes = Buffer.byteLength(JSON.stringify(simulationJobStatus.parse(largest)));
  assert.ok(bytes < 16_384, `${bytes} bytes`);
  assert.ok(bytes > 8_000, `${bytes} bytes are no worst case`);
});

test('a status holds no more of anything than that', () => {
  const [condition] = largest.conditions ?? [];
  const [estimate] = largest.estimates ?? [];
  for (const more of [
    { conditions: times(9, () => condition) },
    { estimates: times(mostMetrics + 1, () => estimate) },
    { thresholds: times(33, (index) => ({ name: longestName(index), verdict: 'Undecided' })) },
    { conditions: [{ ...condition, message: 'x'.repeat(longestMessage + 1) }] },
    { value: 5.5 },
  ])
    assert.equal(simulationJobStatus.safeParse({ ...largest, ...more }).success, false, JSON.stringify(more));
});

test('any text becomes the message of a condition: one line, well formed, not too long', () => {
  assert.equal(conditionMessage(' no node\n\tfits\u0000 '), 'no node fits');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
      const message = conditionMessage(text);
      assert.ok(message.length <= longestMessage && message.isWellFormed());
      assert.doesNotMatch(message, /[\p{Cc}\u2028\u2029]/u);
      assert.equal(conditionMessage(message), message);
    }),
  );
});

test('every reason is one word, and is explained by a sentence', () => {
  for (const reasons of Object.values(jobConditions))
    for (const [reason, meaning] of Object.entries(reasons)) {
      assert.match(reason, /^[A-Z][A-Za-z]{2,63}$/);
      assert.match(meaning, /^[A-Z].*\.$/);
    }
});
