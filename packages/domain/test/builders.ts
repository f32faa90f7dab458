import type { JobSpec, Moments, MomentsResult } from '@simfleet/contracts';
import { jobSpec } from '@simfleet/contracts';
import type { BlockResult } from '@simfleet/contracts';
import { advance, begin } from '../src/index.ts';
import type { Advanced, Engine, Judged, Rules } from '../src/index.ts';

/** Rules of a sampling job with one metric, `price`, in blocks of 100 paths. */
export const samplingRules = (members: Partial<Rules> = {}): Rules => ({
  kind: 'sampling',
  plan: { blockSize: 100, blocks: null, units: null },
  maxPaths: null,
  precision: null,
  thresholds: [],
  controlMeans: {},
  metrics: ['price'],
  target: null,
  ...members,
});

/** Rules of an exact job over `units` integers in blocks of four sub-ranges. */
export const exactRules = (units: number, target: number | null, members: Partial<Rules> = {}): Rules => ({
  ...samplingRules({ kind: 'exact', metrics: ['count', 'prime'], target }),
  plan: { blockSize: 2 ** 22, blocks: Math.ceil(units / 2 ** 22), units },
  ...members,
});

export const precision = (members: Partial<NonNullable<Rules['precision']>> = {}): NonNullable<Rules['precision']> => ({
  metric: 'price',
  relativeError: null,
  absoluteError: null,
  confidence: 0.95,
  ...members,
});

export const threshold = (members: Partial<Rules['thresholds'][number]> = {}): Rules['thresholds'][number] => ({
  name: 'limit',
  metric: 'price',
  below: null,
  above: null,
  confidence: 0.95,
  ...members,
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Moments of given samples, beside those of their control variate, by the textbook. */
export const momentsOf = (samples: readonly number[], controls?: readonly number[]): Moments => {
  const a = mean(samples);
  const m2 = samples.reduce((sum, x) => sum + (x - a) ** 2, 0);
  const nonZero = samples.filter((x) => x !== 0).length;
  if (controls === undefined) return { mean: a, m2, nonZero };
  const g = mean(controls);
  const control = {
    mean: g,
    m2: controls.reduce((sum, y) => sum + (y - g) ** 2, 0),
    cross: samples.reduce((sum, x, i) => sum + (x - a) * ((controls[i] ?? 0) - g), 0),
  };
  return { mean: a, m2, nonZero, control };
};

export const block = (samples: readonly number[], controls?: readonly number[]): MomentsResult => ({
  kind: 'moments',
  paths: samples.length,
  metrics: { price: momentsOf(samples, controls) },
});

/** Uniforms in (0, 1) from a seed: an xorshift, good enough to feed tests. */
export const uniforms = (seed: number): (() => number) => {
  let state = (seed * 2_654_435_761 + 88_172_645) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return (state + 0.5) / 4_294_967_296;
  };
};

/** Samples of an exponential law with mean 1, of which a share `p` is kept and the rest is 0. */
export const payoffs = (draw: () => number, count: number, p = 1): readonly number[] =>
  Array.from({ length: count }, () => (draw() < p ? -Math.log(draw()) : 0));

/** Folds blocks until the job ends or `blocks` are folded. */
export const runBlocks = (rules: Rules, blockAt: (index: number) => BlockResult, blocks = Infinity): Judged => {
  let state = begin(rules);
  while (state.ended === null && state.folded.blocks < blocks)
    state = advance(rules, state, blockAt(state.folded.blocks)).state;
  return state;
};

/** All steps of a job, for tests of what happens on the way. */
export const steps = (rules: Rules, results: Iterable<BlockResult>): readonly Advanced[] => {
  const all: Advanced[] = [];
  let state = begin(rules);
  for (const result of results) {
    const step = advance(rules, state, result);
    all.push(step);
    state = step.state;
  }
  return all;
};

export const spec = (members: Partial<Record<keyof JobSpec, unknown>> = {}): JobSpec =>
  jobSpec.parse({ serviceRef: { name: 'option' }, ...members });

/** An engine of two metrics, of which `price` has a control variate of mean 2. */
export const samplingEngine = (): Engine => ({
  kind: 'sampling',
  name: 'toy',
  version: '1',
  kernelHash: '00',
  description: '',
  parameters: {},
  generator: 'none',
  metrics: [
    { name: 'price', description: '' },
    { name: 'delta', description: '' },
  ],
  plan: () => ({ blockSize: 4096, blocks: null, units: null }),
  controlMeans: () => ({ price: 2 }),
  references: () => [],
  open: () => ({
    runBlock: () => {
      throw new Error('draws nothing');
    },
  }),
});
