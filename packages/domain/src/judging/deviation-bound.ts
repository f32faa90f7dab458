import { exp } from '../numerics/exp.ts';
import { studentUpperQuantile } from '../numerics/student-t.ts';
import { meanOfCombination, varianceOfCombination } from '../folding/spread.ts';
import type { Triple } from '../folding/spread.ts';
import type { Estimator } from './estimator.ts';
import { minimumEffective, minimumNonZero } from './looks.ts';

/** Relative standard error of s² where blocks do not tell (constant samples, blocks of one path): wide, but finite. */
const unknownScatter = 2;

/**
 * Relative standard error of the (residual) variance, free of any assumption on the law of the samples: by the delta method the variance
 * s² = v·y with v = (1, −2β, β²) and y = (C_aa, C_ag, C_gg) per path — the derivative through β vanishes, since β minimises s² — and the
 * variance of y is seen between blocks.
 */
export const varianceScatter = (estimate: Estimator): number => {
  const { spread } = estimate.moments;
  if (isRoundingNoise(estimate)) return 0;
  if (spread.blocks < 2) return unknownScatter;
  const v: Triple = [1, -2 * estimate.beta, estimate.beta * estimate.beta];
  const mean = meanOfCombination(spread, v);
  if (!(mean > 0)) return unknownScatter;
  return Math.min(unknownScatter, Math.sqrt(varianceOfCombination(spread, v)) / mean);
};

/**
 * Samples that are all alike (volatility 0), or whose control variate equals them (an average over one step), leave a variance of rounding
 * errors only. It says that the value is known to all its digits, and its own scatter says nothing.
 */
const isRoundingNoise = ({ value, variance, paths, moments }: Estimator): boolean =>
  variance !== null && variance <= Math.max(1e-24 * value * value, (1e-12 * moments.m2) / paths);

/** Whether enough samples count: other than 0, and not a handful of large ones among them. */
export const isInformative = (estimate: Estimator): boolean =>
  estimate.moments.nonZero >= minimumNonZero && varianceScatter(estimate) <= 1 / Math.sqrt(minimumEffective);

/**
 * Upper bound s⁺ of the standard deviation σ with P(σ > s⁺) ≤ `error`, asymptotically in the number of blocks: s·exp(t·r/2), r the relative
 * standard error of s² and t Student's quantile for as many degrees of freedom as blocks. On the logarithmic scale because s² of
 * heavy-tailed samples is skewed to the right: there the studentised error is nearer to Student's law than on the natural one.
 * `scatter` and `blocks` may be those projected to a longer prefix.
 */
export const deviationBound = (variance: number, scatter: number, blocks: number, error: number): number =>
  Math.sqrt(variance) * exp(0.5 * scatter * studentUpperQuantile(error, Math.max(10, blocks - 1)));
