import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoldedSamples } from '../../src/folding/folded.ts';
import { deviationBound, isInformative, varianceScatter } from '../../src/judging/deviation-bound.ts';
import { estimator } from '../../src/judging/estimator.ts';
import type { Estimator } from '../../src/judging/estimator.ts';
import type { Rules } from '../../src/index.ts';
import { block, payoffs, precision, runBlocks, samplingRules, uniforms } from '../builders.ts';

const estimateOf = (rules: Rules, blocks: number, blockAt: Parameters<typeof runBlocks>[1]): Estimator => {
  const { folded } = runBlocks(rules, blockAt, blocks);
  const estimate = estimator(rules, folded as FoldedSamples, 'price');
  assert.ok(estimate !== undefined);
  return estimate;
};

test('the scatter of the variance is what its fourth moment says', () => {
  // Exponential samples: kurtosis 9, so the relative standard error of s² is √(8/n).
  const draw = uniforms(1);
  const estimate = estimateOf(samplingRules(), 4000, () => block(payoffs(draw, 100)));
  assert.ok(Math.abs(varianceScatter(estimate) / Math.sqrt(8 / 400_000) - 1) < 0.15);
});

test('with a control variate it is the scatter of the residual, not of the sample', () => {
  // a = g + e, with g heavy-tailed and e uniform (kurtosis 1.8): the residual variance is known far better than the sample's.
  const draw = uniforms(2);
  const rules = samplingRules({ controlMeans: { price: 1 } });
  const estimate = estimateOf(rules, 4000, () => {
    const controls = payoffs(draw, 100);
    return block(
      controls.map((g) => g + draw()),
      controls,
    );
  });
  assert.ok(Math.abs((estimate.variance ?? 0) - 1 / 12) < 1e-3);
  assert.ok(Math.abs(varianceScatter(estimate) / Math.sqrt(0.8 / 400_000) - 1) < 0.15);
});

test('at the first look, with tails of an exponential, the bound fails at most twice as often as it says', () => {
  const [error, jobs] = [0.02, 1500];
  let failures = 0;
  const draw = uniforms(3);
  for (let job = 0; job < jobs; job += 1) {
    const estimate = estimateOf(samplingRules(), 16, () => block(payoffs(draw, 100, 0.5)));
    const sigma = Math.sqrt(2 * 0.5 - 0.5 * 0.5);
    if (deviationBound(estimate.variance ?? 0, varianceScatter(estimate), 16, error) < sigma) failures += 1;
  }
  assert.ok(failures <= 2 * jobs * error, `${failures} of ${jobs}`);
});

test('over all looks of a job, it stops wider than asked less often than its share of error', () => {
  // Samples of mean and deviation 1: an oracle needs z² ÷ 0.04² = 2401 paths, and whoever stops earlier has too wide an interval.
  const rules = samplingRules({ precision: precision({ absoluteError: 0.04 }) });
  const jobs = 400;
  let early = 0;
  for (let job = 0; job < jobs; job += 1) {
    const draw = uniforms(job + 1);
    const { folded } = runBlocks(rules, () => block(payoffs(draw, 100)));
    if (folded.kind === 'moments' && folded.paths < 2401) early += 1;
  }
  assert.ok(early <= jobs * 0.025, `${early} of ${jobs}`);
});

test('the bound grows when less error is allowed, and falls to s with ever more blocks', () => {
  assert.ok(deviationBound(4, 0.1, 20, 1e-5) > deviationBound(4, 0.1, 20, 1e-3));
  assert.ok(deviationBound(4, 0.1, 20, 1e-3) > deviationBound(4, 0.1, 2000, 1e-3));
  assert.equal(deviationBound(4, 0, 20, 1e-3), 2);
  assert.equal(deviationBound(0, 2, 20, 1e-3), 0);
});

test('constant samples are informative: their variance is nothing but rounding', () => {
  const estimate = estimateOf(samplingRules(), 16, () => block(Array.from({ length: 100 }, () => 0.1)));
  assert.equal(varianceScatter(estimate), 0);
  assert.ok(isInformative(estimate));
});

test('samples that equal their control are informative', () => {
  const draw = uniforms(4);
  const estimate = estimateOf(samplingRules({ controlMeans: { price: 1 } }), 16, () => {
    const samples = payoffs(draw, 100);
    return block(samples, samples);
  });
  assert.ok(isInformative(estimate));
});

test('zeros alone, or with a few pay-offs among them, are not informative', () => {
  const draw = uniforms(5);
  assert.ok(!isInformative(estimateOf(samplingRules(), 100, () => block(Array.from({ length: 100 }, () => 0)))));
  assert.ok(!isInformative(estimateOf(samplingRules(), 100, () => block(payoffs(draw, 100, 0.05)))));
  assert.ok(isInformative(estimateOf(samplingRules(), 100, () => block(payoffs(draw, 100, 0.5)))));
});

test('a handful of huge samples among many small ones is not informative', () => {
  const estimate = estimateOf(samplingRules(), 100, (index) =>
    block(Array.from({ length: 100 }, (_, i) => (index % 25 === 0 && i === 0 ? 1e6 : 1 + i))),
  );
  assert.ok(!isInformative(estimate));
});

test('blocks of a single path tell nothing about scatter, so the bound is wide but finite', () => {
  const draw = uniforms(6);
  const rules = samplingRules({ plan: { blockSize: 1, blocks: null, units: null } });
  const estimate = estimateOf(rules, 1000, () => block(payoffs(draw, 1)));
  assert.equal(varianceScatter(estimate), 2);
});
