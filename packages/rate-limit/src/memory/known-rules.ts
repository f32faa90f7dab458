import { meterOf } from '../algorithms/index.ts';
import { checkRule } from '../check-charge.ts';
import type { Rule } from '../rule.ts';
import type { Entry, Known } from './entry.ts';

/** Rules by what they are, so that a rule is checked once and states of equal rules are told to be of one. */
export class KnownRules {
  /** By object: callers mostly keep their rules. */
  readonly #byObject = new WeakMap<Rule, Known>();
  /** The newest of each name. Names are those of policies, so they are few. */
  readonly #newest = new Map<string, Known>();
  #last: Known | null = null;
  #lastRule: Rule | null = null;

  /** Throws `invalid-request` for a rule out of range. */
  of(rule: Rule): Known {
    if (rule === this.#lastRule && this.#last !== null) return this.#last;
    const known = this.#byObject.get(rule) ?? this.#meet(rule);
    this.#last = known;
    this.#lastRule = rule;
    return known;
  }

  clear(): void {
    for (const { keys } of this.#newest.values()) keys.clear();
  }

  #meet(rule: Rule): Known {
    checkRule(rule);
    const newest = this.#newest.get(rule.name);
    const known =
      newest !== undefined && areEqual(newest.rule, rule)
        ? newest
        : { rule, meter: meterOf(rule), keys: newest?.keys ?? new Map<string, Entry>() };
    this.#newest.set(rule.name, known);
    this.#byObject.set(rule, known);
    return known;
  }
}

const numbersOf = (rule: Rule): readonly (number | undefined)[] =>
  rule.algorithm === 'concurrency'
    ? [rule.limit, rule.leaseMs]
    : [rule.limit, rule.windowMs, 'burst' in rule ? rule.burst : undefined];

const areEqual = (one: Rule, other: Rule): boolean => {
  const others = numbersOf(other);
  return one.algorithm === other.algorithm && numbersOf(one).every((value, index) => value === others[index]);
};
