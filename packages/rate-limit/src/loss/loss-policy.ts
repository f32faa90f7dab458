import type { Rule } from '../rule.ts';

/**
 * What a rule does while the store does not answer. `open`: everything is admitted. `closed`: nothing is, `unavailable` is thrown; for sign-in and SMS.
 * `share`: each replica admits its share of the limit out of its own memory.
 */
export type LossPolicy = 'open' | 'closed' | 'share';

/** A replica's share of a number, at least 1: replicas × share ≤ limit, or = replicas where the limit is below that. */
const part = (whole: number, replicas: number): number => Math.max(1, Math.floor(whole / replicas));

/** The rule of one of `replicas`. */
export const shareOf = (rule: Rule, replicas: number): Rule => {
  const limit = part(rule.limit, replicas);
  if ((rule.algorithm === 'token-bucket' || rule.algorithm === 'leaky-bucket') && rule.burst !== undefined) {
    return { ...rule, limit, burst: part(rule.burst, replicas) };
  }
  return { ...rule, limit };
};
