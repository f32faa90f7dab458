import type { Charge, ConcurrencyRule, LimiterStore, Rule } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import type { Clock } from '@simfleet/runtime';
import { systemClock } from '@simfleet/runtime';
import type { Quota, QuotaSource, Quotas } from '../../src/quotas/quota-source.ts';

/** Limits that a test sets and changes; null = no such quota. */
export interface Limits {
  queued: number | null;
  running: number | null;
  paths: number | null;
}

export interface TestQuotas extends QuotaSource {
  quotasOf(customer: string): Quotas;
  readonly limits: Limits;
  /** Commands that the store was given. */
  readonly asked: Charge[];
  /** What the store holds of a quota, for the default customer. */
  held(name: 'queued' | 'running' | 'paths'): Promise<number>;
  /** Uses paths of the default customer, as if other jobs had. */
  spend(paths: number): Promise<void>;
}

export interface TestQuotasOptions {
  readonly clock?: Clock;
  readonly store?: LimiterStore;
  readonly windowMs?: number;
  readonly leaseMs?: number;
  readonly shadow?: boolean;
  /** Paths come back steadily, to so many at most; left out: all at the end of their window. */
  readonly burst?: number;
}

export const testQuotas = (limits: Partial<Limits>, options: TestQuotasOptions = {}): TestQuotas => {
  const { clock = systemClock, windowMs = 86_400_000, leaseMs = 60_000, shadow = false } = options;
  const current: Limits = { queued: null, running: null, paths: null, ...limits };
  const inner = options.store ?? openMemoryLimiterStore({ clock });
  const asked: Charge[] = [];
  const store: LimiterStore = {
    ...{ description: inner.description, shared: inner.shared },
    decide(charges) {
      asked.push(...charges);
      return inner.decide(charges);
    },
    decideOne: (charge) => inner.decideOne(charge),
    peek: (charge) => inner.peek(charge),
    refund: (charge, at) => inner.refund(charge, at),
    reset: (rule, key) => inner.reset(rule, key),
    check: () => inner.check(),
    close: () => inner.close(),
  };
  const jobs = (name: 'queued' | 'running'): readonly Quota<ConcurrencyRule>[] => {
    const limit = current[name];
    return limit === null ? [] : [{ rule: { name: `${name}-jobs`, algorithm: 'concurrency', limit, leaseMs }, shadow }];
  };
  const paths = (): readonly Quota[] => {
    const { paths: limit } = current;
    if (limit === null) return [];
    const rate = { name: 'paths-a-day', limit, windowMs };
    const { burst } = options;
    if (burst === undefined) return [{ rule: { ...rate, algorithm: 'fixed-window' }, shadow }];
    return [{ rule: { ...rate, algorithm: 'token-bucket', burst }, shadow }];
  };
  const quotasOf = () => ({ queued: jobs('queued'), running: jobs('running'), paths: paths() });
  return {
    ...{ limits: current, asked, store, quotasOf, renewEveryMs: Math.min(20_000, leaseMs / 3) },
    async spend(cost) {
      for (const { rule } of paths()) await inner.decide([{ rule, key: 'customer:default', cost, force: true }]);
    },
    async held(name) {
      const rule: Rule | undefined = quotasOf()[name][0]?.rule;
      if (rule === undefined) return 0;
      const lease = rule.algorithm === 'concurrency' ? { lease: 'nobody' } : {};
      const { remaining } = await inner.peek({ rule, key: 'customer:default', cost: 0, ...lease });
      return rule.limit - remaining;
    },
  };
};
