import { Counter, Gauge, type Metrics } from '@simfleet/runtime';
import type { Rule } from '../rule.ts';
import type { LossPolicy } from './loss-policy.ts';

export interface LossMeasure {
  up(up: boolean): void;
  failed(kind: 'timeout' | 'error'): void;
  decided(rule: Rule, policy: LossPolicy, outcome: 'admitted' | 'refused' | 'unavailable'): void;
  /** The store admitted what the caller had been refused by then. */
  lateAdmission(): void;
  refundLost(): void;
}

/** Instruments of the loss. Decisions by the store are not counted here: whoever asks knows the policy that they belong to. */
export const measureLoss = (registry: Metrics): LossMeasure => {
  const registers = [registry];
  const up = new Gauge({
    name: 'simfleet_rate_limit_store_up',
    help: '1 while limits are decided by the shared store, 0 while it is taken for lost.',
    registers,
  });
  const failures = new Counter({
    name: 'simfleet_rate_limit_store_failures_total',
    help: 'Calls that the store of limits failed, by kind: timeout, error.',
    labelNames: ['kind'] as const,
    registers,
  });
  const decisions = new Counter({
    name: 'simfleet_rate_limit_lost_decisions_total',
    help: 'Charges decided without the store, by rule, policy (open, closed, share) and outcome (admitted, refused, unavailable).',
    labelNames: ['rule', 'policy', 'outcome'] as const,
    registers,
  });
  const late = new Counter({
    name: 'simfleet_rate_limit_late_admissions_total',
    help: 'Calls that the store admitted after the caller had been refused; given back where they can be.',
    registers,
  });
  const refunds = new Counter({
    name: 'simfleet_rate_limit_lost_refunds_total',
    help: 'Refunds that did not reach the store: its counts are too high by them until the window has passed.',
    registers,
  });
  up.set(1);
  return {
    up: (is) => up.set(is ? 1 : 0),
    failed: (kind) => failures.inc({ kind }),
    decided: (rule, policy, outcome) => decisions.inc({ rule: rule.name, policy, outcome }),
    lateAdmission: () => late.inc(),
    refundLost: () => refunds.inc(),
  };
};
