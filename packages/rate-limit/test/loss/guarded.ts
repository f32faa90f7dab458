import { createMetrics, type Metrics } from '@simfleet/runtime';
import { fakeClock, recordingLogger, type FakeClock, type LogEntry } from '@simfleet/testing';
import {
  guardStore,
  type Decision,
  type GuardedStore,
  type LimiterStore,
  type LossPolicy,
  type Rule,
  type SlidingLogRule,
} from '../../src/index.ts';
import { openMemoryLimiterStore } from '../../src/memory/index.ts';
import { faultyStore, type FaultyStore } from './faulty-store.ts';

/** 100 a minute: `open-…`, `closed-…` and `share-…` do as their names say. */
export const log = (policy: LossPolicy, limit = 100, windowMs = 60_000): SlidingLogRule => ({
  name: `${policy}-log`,
  algorithm: 'sliding-log',
  limit,
  windowMs,
});

export const byName = (rule: Rule): LossPolicy => rule.name.split('-')[0] as LossPolicy;

export interface GuardBench {
  readonly clock: FakeClock;
  readonly inner: LimiterStore;
  readonly faulty: FaultyStore;
  readonly shares: LimiterStore;
  readonly guard: GuardedStore;
  readonly metrics: Metrics;
  readonly entries: () => readonly LogEntry[];
}

export const timeoutMs = 50;

/** A guard on a faulty memory store, all on one fake clock; chance is always 1, so that pauses are as long as they get. */
export const guardBench = (
  options: { readonly replicas?: number; readonly clock?: FakeClock; readonly inner?: LimiterStore } = {},
): GuardBench => {
  const { replicas = 4, clock = fakeClock() } = options;
  const inner = options.inner ?? openMemoryLimiterStore({ clock });
  const shares = openMemoryLimiterStore({ clock, maxKeys: 1_000 });
  const faulty = faultyStore(inner, clock);
  const metrics = createMetrics();
  const { logger, entries } = recordingLogger();
  const guard = guardStore({
    store: faulty,
    shares,
    replicas,
    timeoutMs,
    onLoss: byName,
    clock,
    metrics,
    logger,
    random: () => 1,
  });
  return { clock, inner, faulty, shares, guard, metrics, entries };
};

/** Loses the store: charges until the breaker is open. */
export const lose = async ({ faulty, guard, clock }: GuardBench): Promise<void> => {
  faulty.trouble = 'refuses';
  for (let n = 0; n < 5; n += 1) await guard.decideOne({ rule: log('open'), key: 'nobody' });
  await clock.advance(0);
};

/** The store is well; charges until it is asked again. */
export const recover = async ({ faulty, guard, clock }: GuardBench): Promise<void> => {
  faulty.trouble = 'none';
  await clock.advance(10_000);
  await guard.decideOne({ rule: log('open'), key: 'nobody' });
};

export const admitted = (decisions: readonly Decision[]): number => decisions.filter(({ allowed }) => allowed).length;

export const valueOf = async (
  metrics: Metrics,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> => {
  const metric = await metrics.getSingleMetric(name)?.get();
  const found = metric?.values.find((value) =>
    Object.entries(labels).every(([label, wanted]) => (value.labels as Record<string, unknown>)[label] === wanted),
  );
  return found?.value ?? 0;
};
