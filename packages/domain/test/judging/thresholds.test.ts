import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin, judgeResolved } from '../../src/index.ts';
import { minimumBlocks } from '../../src/judging/looks.ts';
import { block, exactRules, payoffs, runBlocks, samplingRules, steps, threshold, uniforms } from '../builders.ts';

/** Verdict after `blocks` blocks of exponential samples of mean 1. */
const verdictOf = (members: Parameters<typeof threshold>[0], blocks = 200, seed = 1) => {
  const draw = uniforms(seed);
  const rules = samplingRules({ thresholds: [threshold(members)] });
  return runBlocks(rules, () => block(payoffs(draw, 100)), blocks).thresholds[0]?.verdict;
};

for (const [name, members, verdict] of [
  ['a mean well under `below` has crossed it', { below: 1.5 }, 'Crossed'],
  ['a mean well over `below` has not crossed it', { below: 0.5 }, 'NotCrossed'],
  ['a mean well over `above` has crossed it', { above: 0.5 }, 'Crossed'],
  ['a mean well under `above` has not crossed it', { above: 1.5 }, 'NotCrossed'],
  ['a mean on the limit stays undecided', { below: 1 }, 'Undecided'],
  ['a limit that the interval still holds stays undecided', { above: 1.01 }, 'Undecided'],
] as const)
  test(name, () => {
    assert.equal(verdictOf(members), verdict);
  });

test('nothing is decided before the first look', () => {
  assert.equal(verdictOf({ below: 50 }, minimumBlocks - 1), 'Undecided');
  assert.equal(verdictOf({ below: 50 }, minimumBlocks), 'Crossed');
});

test('zero pay-offs decide nothing: a rare large one may follow', () => {
  const rules = samplingRules({ thresholds: [threshold({ below: 5 })] });
  const state = runBlocks(rules, () => block(Array.from({ length: 100 }, () => 0)), 300);
  assert.deepEqual(state.thresholds, [{ name: 'limit', verdict: 'Undecided' }]);
});

test('a verdict comes with the estimate of its look, is told once, and stays whatever follows', () => {
  const rules = samplingRules({ thresholds: [threshold({ above: 0.5 })] });
  const draw = uniforms(1);
  // After 30 blocks the samples turn to nothing and the mean falls under the limit.
  const results = Array.from({ length: 200 }, (_, index) =>
    block(payoffs(draw, 100).map((x) => (index < 30 ? x : x / 1e6))),
  );
  const all = steps(rules, results);
  const told = all.flatMap(({ decided, state }) => decided.map((status) => ({ status, blocks: state.folded.blocks })));
  assert.deepEqual(
    told.map(({ status, blocks }) => [status.verdict, blocks]),
    [['Crossed', minimumBlocks]],
  );
  assert.equal(told[0]?.status.decidedBy?.paths, minimumBlocks * 100);
  assert.deepEqual(all.at(-1)?.state.thresholds, [told[0]?.status]);
  const { folded } = all.at(-1)?.state ?? begin(rules);
  assert.ok(folded.kind === 'moments' && (folded.metrics.price?.mean ?? 1) < 0.5);
});

test('all looks together are wrong no more often than the confidence allows', () => {
  // The limit is the true mean from the other side: every decision is a false one.
  const jobs = 300;
  let wrong = 0;
  for (let seed = 1; seed <= jobs; seed += 1)
    if (verdictOf({ above: 1, confidence: 0.9 }, 120, seed) === 'Crossed') wrong += 1;
  assert.ok(wrong <= jobs * 0.1, `${wrong} of ${jobs}`);
});

test('a higher confidence decides no earlier', () => {
  const decidedAt = (confidence: number): number => {
    const draw = uniforms(5);
    const rules = samplingRules({ thresholds: [threshold({ above: 0.9, confidence })] });
    const results = Array.from({ length: 400 }, () => block(payoffs(draw, 100)));
    return steps(rules, results).findIndex(({ decided }) => decided.length > 0);
  };
  assert.ok(decidedAt(0.9) > 0 && decidedAt(0.9) <= decidedAt(0.99) && decidedAt(0.99) < decidedAt(1 - 1e-9));
});

test('an undecided threshold stays undecided when the job is Completed', () => {
  const draw = uniforms(1);
  const rules = samplingRules({ maxPaths: 450, thresholds: [threshold({ below: 50 })] });
  const state = runBlocks(rules, (index) => block(payoffs(draw, index === 4 ? 50 : 100)));
  assert.deepEqual([state.ended, state.thresholds[0]?.verdict], ['Completed', 'Undecided']);
});

test('exact thresholds are judged at the end, by the value itself', () => {
  const limits = [
    threshold({ name: 'under', metric: 'prime', below: 542 }),
    threshold({ name: 'at', metric: 'prime', below: 541 }),
    threshold({ name: 'over', metric: 'prime', above: 540.5 }),
    threshold({ name: 'same', metric: 'prime', above: 541 }),
    threshold({ name: 'other', metric: 'count', above: 0 }),
  ];
  const rules = exactRules(2 ** 20, 100, { thresholds: limits });
  const ended = runBlocks(rules, () => ({ kind: 'counts', counts: [82_025] }));
  assert.deepEqual(
    ended.thresholds.map(({ verdict }) => verdict),
    Array(5).fill('Undecided'),
  );
  const { state, decided } = judgeResolved(rules, ended, { metric: 'prime', value: 541 });
  assert.deepEqual(
    state.thresholds.map(({ verdict }) => verdict),
    ['Crossed', 'NotCrossed', 'Crossed', 'NotCrossed', 'Undecided'],
  );
  assert.equal(decided.length, 4);
  const exact = {
    name: 'prime',
    value: 541,
    standardError: 0,
    ciLow: 541,
    ciHigh: 541,
    confidence: 0.95,
    paths: 2 ** 20,
  };
  assert.deepEqual(decided[0]?.decidedBy, exact);
});
