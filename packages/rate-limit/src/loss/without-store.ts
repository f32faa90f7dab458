import { SimfleetError } from '@simfleet/contracts';
import { checkCharge, checkRule } from '../check-charge.ts';
import type { Rule } from '../rule.ts';
import type { Charge, Decision, LimiterStore } from '../store.ts';
import { shareOf, type LossPolicy } from './loss-policy.ts';
import type { LossMeasure } from './measure.ts';

export interface WithoutStoreOptions {
  readonly shares: LimiterStore;
  readonly replicas: number;
  readonly onLoss: (rule: Rule) => LossPolicy;
  readonly measure: LossMeasure;
}

/** `at` of what was admitted without being counted anywhere. Below it are times of the shares: −2 − at. Times of the store are never negative. */
const notCounted = -1;

/** Decides by the policies of the rules, never by the store. */
export class WithoutStore {
  readonly #options: WithoutStoreOptions;
  /** A rule's share is one object, as the rule is. */
  readonly #shares = new WeakMap<Rule, Rule>();

  constructor(options: WithoutStoreOptions) {
    this.#options = options;
  }

  /** Throws `unavailable` when the policy of one of the charges is `closed`: then none is counted; `invalid-request` as the store would. */
  async decide(charges: readonly Charge[]): Promise<readonly Decision[]> {
    const { onLoss, shares, measure } = this.#options;
    for (const charge of charges) {
      checkRule(charge.rule);
      checkCharge(charge);
    }
    const policies = charges.map(({ rule }) => onLoss(rule));
    if (policies.includes('closed')) {
      charges.forEach(({ rule }, index) => measure.decided(rule, policies[index] ?? 'closed', 'unavailable'));
      throw lost();
    }
    const shared = charges.filter((_, index) => policies[index] === 'share').map((charge) => this.#shareOf(charge));
    const answers = shared.length === 0 ? [] : await shares.decide(shared);
    const outcome = answers.every(({ allowed }) => allowed) ? 'admitted' : 'refused';
    let next = 0;
    return charges.map((charge, index) => {
      const policy = policies[index] ?? 'closed';
      const answer = policy === 'share' ? answers[next++] : undefined;
      measure.decided(charge.rule, policy, outcome);
      return answer === undefined ? admitted(charge.rule) : markShare(answer, charge);
    });
  }

  /** Throws `unavailable` when the policy is `closed`. */
  async peek(charge: Charge): Promise<Decision> {
    const policy = this.#options.onLoss(charge.rule);
    if (policy === 'closed') throw lost();
    if (policy === 'open') return admitted(charge.rule);
    return markShare(await this.#options.shares.peek(this.#shareOf(charge)), charge);
  }

  /** Gives back what was admitted here; leaves what the store admitted. */
  async refund(charge: Charge, at: number): Promise<void> {
    if (at < notCounted || charge.rule.algorithm === 'concurrency') {
      await this.#options.shares.refund(this.#shareOf(charge), Math.abs(at + 2));
    }
  }

  async reset(rule: Rule, key: string): Promise<void> {
    await this.#options.shares.reset(this.#share(rule), key);
  }

  #shareOf(charge: Charge): Charge {
    return { ...charge, rule: this.#share(charge.rule) };
  }

  #share(rule: Rule): Rule {
    const known = this.#shares.get(rule);
    if (known !== undefined) return known;
    const share = shareOf(rule, this.#options.replicas);
    this.#shares.set(rule, share);
    return share;
  }
}

/** Whether the decision of this `at` was made without the store. */
export const isOfLoss = (at: number): boolean => at < 0;

export const lost = (cause?: unknown): SimfleetError =>
  new SimfleetError('unavailable', 'Limits cannot be checked right now.', { cause });

const mostAtOnce = (rule: Rule): number => {
  if (rule.algorithm === 'token-bucket') return rule.burst ?? rule.limit;
  return rule.algorithm === 'leaky-bucket' ? (rule.burst ?? 1) : rule.limit;
};

const admitted = (rule: Rule): Decision => {
  const limit = mostAtOnce(rule);
  return { allowed: true, limit, remaining: limit, resetMs: 0, retryAfterMs: 0, at: notCounted };
};

/** What is above the share only, and would fit into the whole limit, may be asked again: the store may be back. */
const markShare = (answer: Decision, { rule, cost = 1 }: Charge): Decision => {
  const waits = answer.retryAfterMs === null && cost <= mostAtOnce(rule);
  const retryAfterMs = waits ? Math.max(1, answer.resetMs) : answer.retryAfterMs;
  return { ...answer, retryAfterMs, at: -2 - answer.at };
};
