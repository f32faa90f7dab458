import type { Clock, Logger } from '@simfleet/runtime';
import { lead } from '@simfleet/storage';
import type { Leases } from '@simfleet/storage';
import type { Coordinators } from '../estimate/coordinators.ts';
import type { JobStore } from './job-store.ts';
import type { JobTimers } from './job-timers.ts';
import { activeJobs, eachJob, expiringJobs } from './each-job.ts';

export interface SweepParts {
  readonly store: JobStore;
  readonly timers: JobTimers;
  readonly coordinators: Coordinators;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Between two sweeps: how late a deadline may be when the replica that was to act on it died. */
const sweepMs = 10_000;

/**
 * For a store that several replicas use. One of them arms the timers of all jobs again and again, so that a deadline comes about whichever replica dies;
 * each looks after the folds that nobody reports to, so that they learn of an end that they were not told of. Answers how to end it.
 */
export const startSweeps = async (parts: SweepParts): Promise<() => Promise<void>> => {
  const { store, timers, coordinators, leases, clock, logger } = parts;

  const armAll = async (): Promise<void> => {
    for await (const job of eachJob(store, activeJobs)) timers.arm(job);
    for await (const job of eachJob(store, expiringJobs)) timers.arm(job);
  };
  const refreshIdle = async (): Promise<void> => {
    for (const jobId of coordinators.idle(sweepMs)) await coordinators.refresh(jobId);
  };

  const endRefreshing = every(clock, sweepMs, logger, refreshIdle);
  const leading = await lead({
    ...{ leases, name: 'jobs-timers', clock, logger },
    begin: async () => every(clock, sweepMs, logger, armAll, 0),
  });
  return async () => {
    await endRefreshing();
    await leading.stop();
  };
};

/** Does the work again and again; the answered function ends it and waits for what is under way. */
const every = (
  clock: Pick<Clock, 'after'>,
  ms: number,
  logger: Logger,
  work: () => Promise<void>,
  firstMs = ms,
): (() => Promise<void>) => {
  let ended = false;
  let running: Promise<void> = Promise.resolve();
  let cancel = (): void => undefined;
  const turn = async (): Promise<void> => {
    await work().catch((error: unknown) => logger.warn({ err: error }, 'a sweep over the jobs waits for the store'));
    if (!ended) next(ms);
  };
  const next = (wait: number): void => {
    cancel = clock.after(wait, () => void (running = turn()));
  };
  next(firstMs);
  return async () => {
    ended = true;
    cancel();
    await running;
  };
};
