import type { FoldedSamples } from '../folding/folded.ts';
import type { FoldedMoments } from '../folding/moments.ts';
import type { Rules } from '../planning/rules.ts';

/** Point estimate of one metric and the variance of one (controlled) sample. */
export interface Estimator {
  readonly value: number;
  /** Residual variance per path, ≥ 0; null while there are too few paths for its degrees of freedom. */
  readonly variance: number | null;
  /** Coefficient of the control variate; 0 without one. */
  readonly beta: number;
  readonly paths: number;
  readonly moments: FoldedMoments;
}

/**
 * Mean of a metric over the prefix, with its control variate where the engine has one: ā − β(ḡ − E g), β = C_ag ÷ C_gg from the folded
 * co-moments (0 if C_gg = 0), residual variance (C_aa − β·C_ag) ÷ (n − 2); without a control ā and C_aa ÷ (n − 1).
 * Glasserman, Monte Carlo Methods in Financial Engineering (2003), §4.1. Undefined while nothing is folded.
 */
export const estimator = (rules: Rules, folded: FoldedSamples, metric: string): Estimator | undefined => {
  const moments = folded.metrics[metric];
  const { paths } = folded;
  if (moments === undefined || paths === 0) return undefined;
  const expected = rules.controlMeans[metric];
  if (moments.control === null || expected === undefined)
    return { value: moments.mean, variance: perDegree(moments.m2, paths - 1), beta: 0, paths, moments };
  const { mean, m2, cross } = moments.control;
  const beta = m2 > 0 ? cross / m2 : 0;
  return {
    value: moments.mean - beta * (mean - expected),
    variance: perDegree(moments.m2 - beta * cross, paths - 2),
    beta,
    paths,
    moments,
  };
};

const perDegree = (sum: number, degrees: number): number | null => (degrees < 1 ? null : Math.max(0, sum) / degrees);
