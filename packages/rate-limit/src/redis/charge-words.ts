import type { Algorithm, Rule } from '../rule.ts';
import type { Charge } from '../store.ts';

/** How scripts and states name the algorithms. */
export const letters: Readonly<Record<Algorithm, string>> = {
  'token-bucket': 't',
  'leaky-bucket': 'g',
  'sliding-log': 'l',
  'sliding-counter': 's',
  'fixed-window': 'f',
  concurrency: 'c',
};

/** The most that a rule admits at once. */
export const burstOf = (rule: Rule): number => {
  if (rule.algorithm === 'token-bucket') return rule.burst ?? rule.limit;
  if (rule.algorithm === 'leaky-bucket') return rule.burst ?? 1;
  return rule.limit;
};

/** Limit, span, burst: the words of a rule, as `lua/README.md` lists them. */
export type RuleWords = readonly [limit: string, span: string, burst: string];

export const ruleWords = (rule: Rule): RuleWords => [
  String(rule.limit),
  String(rule.algorithm === 'concurrency' ? rule.leaseMs : rule.windowMs),
  String(burstOf(rule)),
];

/** The eight words of a charge; `weights` is the number of the key of weights, `at` when it was admitted, for a refund. */
export const chargeWords = (
  { rule, cost = 1, lease = '', force = false }: Charge,
  [limit, span, burst]: RuleWords,
  weights: number,
  at = '',
): readonly string[] => [
  limit,
  span,
  rule.algorithm === 'concurrency' ? String(weights) : burst,
  String(cost),
  letters[rule.algorithm],
  force ? '1' : '',
  lease,
  at,
];
