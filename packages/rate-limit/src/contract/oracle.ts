import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Rule } from '../rule.ts';
import type { Charge, LimiterStore } from '../store.ts';
import { Reference } from './reference.ts';
import { freshKey, onHandClock, type HandClock, type LimiterSuite } from './suite.ts';
import { anyRule, anySteps, ruleOf, type Ask, type Step } from './traffic.ts';

/** A store beside the reference: every answer must be the same. */
class Pair {
  readonly #store: LimiterStore;
  readonly #clock: HandClock;
  readonly #reference = new Reference();
  readonly #rules: Rule[];
  readonly #keys = [freshKey(), freshKey()];
  /** Newest first. */
  readonly #admitted: { readonly charge: Charge; readonly at: number }[] = [];

  constructor(store: LimiterStore, clock: HandClock, rules: readonly Rule[]) {
    this.#store = store;
    this.#clock = clock;
    this.#rules = [...rules];
  }

  async take(step: Step): Promise<void> {
    const { ms } = this.#clock;
    switch (step.do) {
      case 'wait':
        return this.#clock.pass(step.ms);
      case 'decide':
        return this.#decide(step.asks.map((ask) => this.#chargeOf(ask)));
      case 'peek': {
        const charge = this.#chargeOf(step.ask);
        return assert.deepEqual(await this.#store.peek(charge), this.#reference.peek(charge, ms));
      }
      case 'refund': {
        const taken = this.#admitted[step.back];
        if (taken === undefined) return;
        // By the rule of today, when its kind is the same.
        const rule = this.#rules.find(({ name }) => name === taken.charge.rule.name) ?? taken.charge.rule;
        const charge = { ...taken.charge, rule, ...(step.cost === null ? {} : { cost: step.cost }) };
        await this.#store.refund(charge, taken.at);
        return this.#reference.refund(charge, taken.at, ms);
      }
      case 'reset': {
        const charge = this.#chargeOf({ ...step, cost: 0, force: false, lease: 0 });
        await this.#store.reset(charge.rule, charge.key);
        return this.#reference.reset(charge);
      }
      case 'change': {
        const rule = this.#rules[step.rule];
        if (rule === undefined) return;
        const windowMs = 'windowMs' in rule ? rule.windowMs : rule.leaseMs;
        this.#rules[step.rule] = ruleOf(rule.name, rule.algorithm, step.limit, windowMs, step.burst);
      }
    }
  }

  async #decide(charges: readonly Charge[]): Promise<void> {
    const expected = this.#reference.decide(charges, this.#clock.ms);
    const [only] = charges;
    const actual =
      charges.length === 1 && only !== undefined
        ? [await this.#store.decideOne(only)]
        : await this.#store.decide(charges);
    assert.deepEqual(actual, expected);
    if (!actual.every(({ allowed }) => allowed)) return;
    for (const charge of charges) this.#admitted.unshift({ charge, at: this.#clock.ms });
  }

  #chargeOf({ rule: index, key, cost, force, lease }: Ask): Charge {
    const rule = this.#rules[index] ?? assert.fail('no such rule');
    return {
      rule,
      key: this.#keys[key] ?? '',
      ...(cost === undefined ? {} : { cost }),
      ...(force ? { force } : {}),
      ...(rule.algorithm === 'concurrency' ? { lease: `lease ${lease}` } : {}),
    };
  }
}

const rules = 3;

export const testOracle = (suite: LimiterSuite): void => {
  test('any sequence of charges, refunds, waits and changes gets its answers, each exactly', () =>
    onHandClock(suite, async (store, clock) => {
      const alike = fc.asyncProperty(
        fc.tuple(anyRule('first'), anyRule('second'), anyRule('third')),
        fc.nat(3_000),
        anySteps(rules),
        async (given, lead, steps) => {
          clock.pass(lead);
          const pair = new Pair(store, clock, given);
          for (const step of steps) await pair.take(step);
        },
      );
      await fc.assert(alike, { numRuns: suite.capabilities.runs ?? 300 });
    }));
};
