import type { Estimate, ThresholdStatus, Verdict } from '@simfleet/contracts';
import { normalQuantile } from '../numerics/normal.ts';
import type { FoldedSamples } from '../folding/folded.ts';
import type { Rules, ThresholdRule } from '../planning/rules.ts';
import { deviationBound, isInformative, varianceScatter } from './deviation-bound.ts';
import { estimator } from './estimator.ts';
import { lookShare } from './looks.ts';

/** Part of a look's error probability that goes to the standard deviation; the rest is the mean's. */
const deviationErrorShare = 0.2;

/**
 * Verdict of one look: on which side of the limit the mean's interval lies. The intervals of all looks hold together with the threshold's
 * confidence (their error probabilities sum to 1 − confidence) and are two-sided, so the verdict stays honest even for a limit that was
 * chosen while watching the estimate. Too few samples other than 0 decide nothing.
 */
export const judgeThreshold = (rules: Rules, rule: ThresholdRule, folded: FoldedSamples, look: number): Verdict => {
  const estimate = estimator(rules, folded, rule.metric);
  if (estimate === undefined || estimate.variance === null) return 'Undecided';
  if (!isInformative(estimate)) return 'Undecided';
  const error = (1 - rule.confidence) * lookShare(look);
  const bound = deviationBound(
    estimate.variance,
    varianceScatter(estimate),
    folded.blocks,
    error * deviationErrorShare,
  );
  const quantile = -normalQuantile((error * (1 - deviationErrorShare)) / 2);
  const halfWidth = (quantile * bound) / Math.sqrt(estimate.paths);
  return sideOf(rule, estimate.value - halfWidth, estimate.value + halfWidth);
};

/** `below` is crossed by values under the limit, `above` by values over it; the limit itself crosses neither. */
const sideOf = ({ below, above }: ThresholdRule, low: number, high: number): Verdict => {
  if (below !== null) return high < below ? 'Crossed' : low >= below ? 'NotCrossed' : 'Undecided';
  if (above !== null) return low > above ? 'Crossed' : high <= above ? 'NotCrossed' : 'Undecided';
  return 'Undecided';
};

/** Verdict on an exact value: always decided. */
export const judgeExactly = (rule: ThresholdRule, value: number): Verdict => sideOf(rule, value, value);

/** Thresholds after a look: decided ones stay, whatever the interval does later; newly decided ones carry their estimate. */
export const decide = (
  rules: Rules,
  statuses: readonly ThresholdStatus[],
  verdictOf: (rule: ThresholdRule) => Verdict,
  estimates: readonly Estimate[],
): { readonly statuses: readonly ThresholdStatus[]; readonly decided: readonly ThresholdStatus[] } => {
  const decided: ThresholdStatus[] = [];
  const next = statuses.map((status) => {
    const rule = rules.thresholds.find(({ name }) => name === status.name);
    if (status.verdict !== 'Undecided' || rule === undefined) return status;
    const verdict = verdictOf(rule);
    if (verdict === 'Undecided') return status;
    const decidedBy = estimates.find(({ name }) => name === rule.metric);
    const now: ThresholdStatus = { name: status.name, verdict, ...(decidedBy === undefined ? {} : { decidedBy }) };
    decided.push(now);
    return now;
  });
  return { statuses: next, decided };
};
