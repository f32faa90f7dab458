import { exp } from '../numerics/exp.ts';
import { studentUpperQuantile } from '../numerics/student-t.ts';
import { meanOfCombination, varianceOfCombination } from '../folding/spread.ts';
import type { Triple } from '../folding/spread.ts';
import type { Estimator } from './estimator.ts';

/** Relative standard error of s² where blocks do not tell (constant samples, blocks of one path): wide, but finite. */
const unknownScatter = 2;

/**
 * Relative standard error of the (residual) variance, free of any assumption on the law of the samples: by the delta method the variance
 * s² = v·y with v = (1, −2β, β²) and y = (C_aa, C_ag, C_gg) per path — the derivative through β vanishes, since β minimises s² — and the
 * variance of y is seen between blocks.
 */
export const varianceScatter = ({ beta, moments: { spread } }: Estimator): number => {
  if (spread.blocks < 2) return unknownScatter;
  const v: Triple = [1, -2 * beta, beta * beta];
  const mean = meanOfCombination(spread, v);
  if (!(mean > 0)) return unknownScatter;
  return Math.min(unknownScatter, Math.sqrt(varianceOfCombination(spread, v)) / mean);
};

/**
 * Upper bound s⁺ of the standard deviation σ with P(σ > s⁺) ≤ `error`, asymptotically in the number of blocks: s·exp(t·r/2), r the relative
 * standard error of s² and t Student's quantile for as many degrees of freedom as blocks. On the logarithmic scale because s² of
 * heavy-tailed samples is skewed to the right: there the studentised error is nearer to Student's law than on the natural one.
 * `scatter` and `blocks` may be those projected to a longer prefix.
 */
export const deviationBound = (variance: number, scatter: number, blocks: number, error: number): number =>
  Math.sqrt(variance) * exp(0.5 * scatter * studentUpperQuantile(error, Math.max(10, blocks - 1)));
