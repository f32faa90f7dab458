import { SimfleetError } from '@simfleet/contracts';
import { checkRule } from '../check-charge.ts';
import type { Rule } from '../rule.ts';
import { ruleWords, type RuleWords } from './charge-words.ts';

/** A log holds a record of 16 bytes for each millisecond in which something was admitted: at most so many, which is 1 MiB. */
const mostRecords = 65_536;

const checkLog = ({ name, ...rule }: Rule): void => {
  if (rule.algorithm !== 'sliding-log' || Math.min(rule.limit, rule.windowMs) <= mostRecords) return;
  const detail = `The log of ${name} could grow above ${mostRecords} records: let its limit or its window in milliseconds be at most that, or take a sliding counter.`;
  throw new SimfleetError('invalid-request', detail);
};

/** Words of rules, by object: callers mostly keep their rules. A rule is checked when it is met first. */
export class KnownRules {
  readonly #words = new WeakMap<Rule, RuleWords>();

  /** Throws `invalid-request` for a rule out of range. */
  wordsOf(rule: Rule): RuleWords {
    const known = this.#words.get(rule);
    if (known !== undefined) return known;
    checkRule(rule);
    checkLog(rule);
    const words = ruleWords(rule);
    this.#words.set(rule, words);
    return words;
  }
}
