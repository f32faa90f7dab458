import type { Estimate } from '@simfleet/contracts';
import type { Folded, FoldedSamples } from '../folding/folded.ts';
import { prefixUnits } from '../planning/blocks.ts';
import type { Rules } from '../planning/rules.ts';
import { estimator } from './estimator.ts';
import { twoSidedQuantile } from './precision.ts';

/** Confidence of the intervals of metrics that no precision names. */
const defaultConfidence = 0.95;

/**
 * Estimates of all metrics over the prefix: value ± z·s/√n. Empty while nothing is folded, and for exact engines until `resolved` (the
 * answer of `ExactEngine.resolve`) is given; then the interval is the value itself.
 */
export const estimatesOf = (
  rules: Rules,
  { folded }: { readonly folded: Folded },
  resolved?: { readonly metric: string; readonly value: number },
): readonly Estimate[] => {
  if (folded.kind === 'moments') return rules.metrics.flatMap((metric) => sampled(rules, folded, metric));
  if (resolved === undefined) return [];
  const { metric, value } = resolved;
  const paths = prefixUnits(rules, folded.blocks);
  return [{ name: metric, value, standardError: 0, ciLow: value, ciHigh: value, confidence: defaultConfidence, paths }];
};

const sampled = (rules: Rules, folded: FoldedSamples, metric: string): readonly Estimate[] => {
  const estimate = estimator(rules, folded, metric);
  if (estimate === undefined) return [];
  const { value, variance, paths } = estimate;
  const confidence = rules.precision?.metric === metric ? rules.precision.confidence : defaultConfidence;
  const standardError = variance === null ? null : Math.sqrt(variance / paths);
  const halfWidth = standardError === null ? null : twoSidedQuantile(confidence) * standardError;
  return [
    {
      name: metric,
      value,
      standardError,
      ciLow: halfWidth === null ? null : value - halfWidth,
      ciHigh: halfWidth === null ? null : value + halfWidth,
      confidence,
      paths,
    },
  ];
};
