import type { Moments } from '@simfleet/contracts';
import { addToSpread, emptySpread } from './spread.ts';
import type { Spread } from './spread.ts';

/** Moments of one metric over the contiguous prefix, sample a beside its control variate g. */
export interface FoldedMoments {
  readonly mean: number;
  /** Σ(a−ā)² */
  readonly m2: number;
  /** Paths whose sample is not 0. */
  readonly nonZero: number;
  /** Mean of g, Σ(g−ḡ)² and Σ(a−ā)(g−ḡ); null for a metric without a control variate. */
  readonly control: { readonly mean: number; readonly m2: number; readonly cross: number } | null;
  readonly spread: Spread;
}

export const emptyMoments = (controlled: boolean): FoldedMoments => ({
  mean: 0,
  m2: 0,
  nonZero: 0,
  control: controlled ? { mean: 0, m2: 0, cross: 0 } : null,
  spread: emptySpread,
});

/**
 * Adds the moments of the next block to those of a prefix of `before` paths: the pairwise update of Chan, Golub & LeVeque (1979), with
 * co-moments after Pébay (SAND2008-6212, eq. 2.1 and 3.11). `full` is false for a short last block, which stays out of the spread.
 * The order of operations is part of the digest: changing it changes results in the last bits.
 */
export const addMoments = (
  folded: FoldedMoments,
  before: number,
  block: Moments,
  paths: number,
  full: boolean,
): FoldedMoments => {
  const share = paths / (before + paths);
  const weight = before * share;
  const delta = block.mean - folded.mean;
  const { control } = folded;
  const added = block.control;
  return {
    mean: folded.mean + delta * share,
    m2: folded.m2 + block.m2 + delta * delta * weight,
    nonZero: folded.nonZero + block.nonZero,
    control: control === null || added === undefined ? null : addControl(control, added, delta, share, weight),
    spread: full
      ? addToSpread(folded.spread, [block.m2 / paths, (added?.cross ?? 0) / paths, (added?.m2 ?? 0) / paths])
      : folded.spread,
  };
};

type Control = NonNullable<FoldedMoments['control']>;

const addControl = (folded: Control, block: Control, deltaOfSample: number, share: number, weight: number): Control => {
  const delta = block.mean - folded.mean;
  return {
    mean: folded.mean + delta * share,
    m2: folded.m2 + block.m2 + delta * delta * weight,
    cross: folded.cross + block.cross + deltaOfSample * delta * weight,
  };
};
