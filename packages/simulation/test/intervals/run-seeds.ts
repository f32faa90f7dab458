import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { jobSpec } from '@simfleet/contracts';
import { advance, begin, estimatesOf, normalQuantile, rulesOf } from '@simfleet/domain';
import type { Judged, Kernel, Rules } from '@simfleet/domain';
import { findEngine } from '../../src/engines/index.ts';

/** A job whose true answer is known, run once per seed on small blocks. */
export interface Case {
  readonly engine: 'european-option' | 'asian-option';
  readonly parameters: Readonly<Record<string, string | number>>;
  /** The exact price. */
  readonly truth: number;
  /** Standard deviation of one (controlled) sample. */
  readonly deviation: number;
  /** Paths that an oracle who knows the deviation would take: z²σ² ÷ target². The relative error asked for follows from it. */
  readonly oracle: number;
  readonly blockSize: number;
  readonly confidence: number;
  readonly seeds: number;
}

export interface Outcome {
  readonly seeds: number;
  /** Seeds whose interval holds the truth. */
  readonly covered: number;
  /** Median of paths over seeds, ÷ oracle. */
  readonly medianRatio: number;
}

/** Runs the job of every seed and tells the outcome in the test's report. */
export const runSeeds = (t: TestContext, each: Case): Outcome => {
  const engine = findEngine(each.engine);
  assert.ok(engine?.kind === 'sampling');
  const halfWidth = (-normalQuantile((1 - each.confidence) / 2) * each.deviation) / Math.sqrt(each.oracle);
  const spec = jobSpec.parse({
    serviceRef: { name: each.engine },
    parameters: each.parameters,
    precision: {
      metric: 'price',
      relativeError: String(halfWidth / each.truth),
      confidence: String(each.confidence),
    },
  });
  const rules = rulesOf(spec, engine, { blockSize: each.blockSize });
  const kernel = engine.open();
  const ends = Array.from({ length: each.seeds }, (_, seed) => {
    const state = runJob(rules, kernel, each.parameters, BigInt(seed));
    const [estimate] = estimatesOf(rules, state);
    assert.ok(estimate !== undefined && estimate.ciLow !== null && estimate.ciHigh !== null);
    return { paths: estimate.paths, covered: estimate.ciLow <= each.truth && each.truth <= estimate.ciHigh };
  });
  const paths = ends.map((end) => end.paths).sort((a, b) => a - b);
  const outcome = {
    seeds: each.seeds,
    covered: ends.filter((end) => end.covered).length,
    medianRatio: (paths[Math.floor(paths.length / 2)] ?? NaN) / each.oracle,
  };
  t.diagnostic(
    `${outcome.covered} of ${outcome.seeds} intervals hold the truth; median paths ${outcome.medianRatio.toFixed(3)} × oracle`,
  );
  return outcome;
};

const runJob = (rules: Rules, kernel: Kernel, parameters: Case['parameters'], seed: bigint): Judged => {
  const { blockSize } = rules.plan;
  let state = begin(rules);
  while (state.ended === null) {
    const result = kernel.runBlock({ parameters, seed, blockSize, block: state.folded.blocks, units: blockSize });
    state = advance(rules, state, result).state;
  }
  return state;
};

/** P(X ≤ covered) for X binomial with the nominal coverage: how surprising so few covered seeds would be for an honest interval. */
export const binomialTail = (covered: number, seeds: number, nominal: number): number => {
  let logarithm = seeds * Math.log(nominal);
  let sum = seeds <= covered ? Math.exp(logarithm) : 0;
  for (let hits = seeds - 1; hits >= 0; hits -= 1) {
    logarithm += Math.log(((hits + 1) / (seeds - hits)) * ((1 - nominal) / nominal));
    if (hits <= covered) sum += Math.exp(logarithm);
  }
  return sum;
};

export const assertHonest = ({ covered, seeds }: Outcome, confidence: number): void =>
  assert.ok(
    binomialTail(covered, seeds, confidence) >= 1e-4,
    `${covered} of ${seeds} intervals hold the truth, too few for ${confidence}`,
  );

export const assertThrifty = ({ medianRatio }: Outcome): void =>
  assert.ok(medianRatio <= 1.3, `the median job takes ${medianRatio.toFixed(3)} times the paths of the oracle`);
