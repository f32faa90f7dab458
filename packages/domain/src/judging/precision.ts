import { normalQuantile } from '../numerics/normal.ts';
import type { FoldedSamples } from '../folding/folded.ts';
import type { PrecisionRule, Rules } from '../planning/rules.ts';
import { deviationBound, isInformative, varianceScatter } from './deviation-bound.ts';
import { estimator } from './estimator.ts';
import { lookShare } from './looks.ts';

/**
 * Share of the interval's own error probability that may be spent on a standard deviation that was underestimated at some look.
 * It buys speed: halving it makes a job of 100 blocks about 1 % longer.
 */
const deviationErrorShare = 0.5;

/** z with P(|Z| ≤ z) = confidence for a standard normal Z. */
export const twoSidedQuantile = (confidence: number): number => -normalQuantile((1 - confidence) / 2);

/** Half-width that the rule asks for at this value: the wider of relativeError·|value| and absoluteError. */
export const targetHalfWidth = ({ relativeError, absoluteError }: PrecisionRule, value: number): number =>
  Math.max((relativeError ?? 0) * Math.abs(value), absoluteError ?? 0);

/** Error probability of s⁺ at one look. */
export const deviationError = ({ confidence }: PrecisionRule, look: number): number =>
  deviationErrorShare * (1 - confidence) * lookShare(look);

/**
 * Whether the prefix at look number `look` is precise enough: z·s⁺/√n ≤ target and enough samples other than 0.
 * Stopping at a fixed width by an estimated variance is Chow & Robbins (1965), at a relative width Nádas (1969). Both take s and are right
 * only in the limit; s⁺, whose error probabilities sum over the looks, keeps a job from stopping because its variance happened to look small.
 */
export const isPrecise = (rules: Rules, rule: PrecisionRule, folded: FoldedSamples, look: number): boolean => {
  const estimate = estimator(rules, folded, rule.metric);
  if (estimate === undefined || estimate.variance === null) return false;
  if (!isInformative(estimate)) return false;
  const bound = deviationBound(estimate.variance, varianceScatter(estimate), folded.blocks, deviationError(rule, look));
  const halfWidth = (twoSidedQuantile(rule.confidence) * bound) / Math.sqrt(estimate.paths);
  return halfWidth <= targetHalfWidth(rule, estimate.value);
};
