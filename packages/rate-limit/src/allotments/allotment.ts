import type { Rule } from '../rule.ts';

/** How a rule's hot keys are allotted. Replicas × `mostUnits` is the published overshoot. */
export interface Allotment {
  /** Part of the limit (of the burst, where that is less) that one process may hold of a key: above 0, at most 0.5. */
  readonly share: number;
  /** Units a second in this process from which on a key is hot. Default 100. */
  readonly hotPerSecond?: number;
  /** Unspent units go back to the store after so many milliseconds. Default 500. */
  readonly holdMs?: number;
}

export const defaultHotPerSecond = 100;
export const defaultHoldMs = 500;

/** The most units of one key that a process holds at a time; below 2 nothing is ever allotted. 0 for concurrency rules: a lease belongs to its holder. */
export const mostUnits = (rule: Rule, { share }: Allotment): number => {
  if (rule.algorithm === 'concurrency') return 0;
  const bucket = rule.algorithm === 'token-bucket' || rule.algorithm === 'leaky-bucket';
  const burst = bucket ? (rule.burst ?? (rule.algorithm === 'leaky-bucket' ? 1 : rule.limit)) : rule.limit;
  return Math.floor(Math.min(rule.limit, burst) * Math.min(share, 0.5));
};
