import { maxCount } from '@simfleet/contracts';
import type { FoldedSamples } from '../folding/folded.ts';
import { prefixUnits, totalUnits } from '../planning/blocks.ts';
import type { PrecisionRule, Rules } from '../planning/rules.ts';
import type { Judged } from './advance.ts';
import { deviationBound, varianceScatter } from './deviation-bound.ts';
import { estimator } from './estimator.ts';
import { lookAfter, minimumEffective, minimumNonZero } from './looks.ts';
import { deviationError, targetHalfWidth, twoSidedQuantile } from './precision.ts';

/**
 * Paths at which the job is expected to end, given what is folded: the first look to come at which the stop rule would hold if value,
 * variance and share of non-zero samples stayed as they are, at most the bound. Null while nothing can be said of an unbounded job.
 * Exact engines: the integers of all blocks, though one that seeks a target may end a little earlier.
 */
export const expectedPaths = (rules: Rules, state: Judged): number | null => {
  const { folded } = state;
  if (state.ended !== null) return prefixUnits(rules, folded.blocks);
  const bound = totalUnits(rules);
  if (rules.precision === null || folded.kind === 'counts') return bound;
  const precise = pathsToPrecision(rules, rules.precision, state, folded);
  if (precise === null) return bound;
  return bound === null ? precise : Math.min(bound, precise);
};

const pathsToPrecision = (rules: Rules, rule: PrecisionRule, state: Judged, folded: FoldedSamples): number | null => {
  const estimate = estimator(rules, folded, rule.metric);
  if (estimate === undefined || estimate.variance === null || estimate.moments.nonZero === 0) return null;
  const target = targetHalfWidth(rule, estimate.value);
  if (!(target > 0)) return null;
  const quantile = twoSidedQuantile(rule.confidence);
  const scatter = folded.blocks < 2 ? 0 : varianceScatter(estimate);
  const nonZeroPerPath = estimate.moments.nonZero / estimate.paths;
  const { blockSize } = rules.plan;
  let look = state.look + 1;
  for (let blocks = state.nextLook; blocks * blockSize <= maxCount; blocks = lookAfter(blocks), look += 1) {
    const paths = blocks * blockSize;
    const projected = scatter * Math.sqrt(estimate.paths / paths);
    const bound = deviationBound(estimate.variance, projected, blocks, deviationError(rule, look));
    const informative = nonZeroPerPath * paths >= minimumNonZero && projected <= 1 / Math.sqrt(minimumEffective);
    if (informative && (quantile * bound) / Math.sqrt(paths) <= target) return paths;
  }
  return null;
};
