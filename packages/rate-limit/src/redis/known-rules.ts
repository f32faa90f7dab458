import { checkRule } from '../check-charge.ts';
import type { Rule } from '../rule.ts';
import { ruleWords, type RuleWords } from './charge-words.ts';

/** Words of rules, by object: callers mostly keep their rules. A rule is checked when it is met first. */
export class KnownRules {
  readonly #words = new WeakMap<Rule, RuleWords>();

  /** Throws `invalid-request` for a rule out of range. */
  wordsOf(rule: Rule): RuleWords {
    const known = this.#words.get(rule);
    if (known !== undefined) return known;
    checkRule(rule);
    const words = ruleWords(rule);
    this.#words.set(rule, words);
    return words;
  }
}
