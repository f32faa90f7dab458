import type { TestContext } from 'node:test';
import type { Bus } from '@simfleet/bus';
import { openMemoryBus } from '@simfleet/bus/memory';
import type { Job } from '@simfleet/contracts';
import type { LimiterStore } from '@simfleet/rate-limit';
import { openLeases } from '@simfleet/storage';
import type { LeaseTiming, Leases, Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { silentLogger, until } from '@simfleet/testing';
import type { QuotaSource } from '../../src/quotas/quota-source.ts';
import { pausable } from './pausable.ts';
import type { Pausable } from './pausable.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

/** One replica of the service, with its own HTTP server, on a store and a bus that all share. */
export interface Replica extends Platform {
  readonly leases: Leases;
  readonly process: Pausable;
  paused: boolean;
}

/** Replicas behind a load balancer that sends each request to the next one that runs. */
export interface Fleet {
  readonly replicas: readonly Replica[];
  readonly balancer: Platform;
  pause(replica: Replica): void;
  resume(replica: Replica): void;
  /** The replica that folds the job, by what it believes itself. */
  holder(jobId: string): Replica | undefined;
  /** Resolves once another replica than this one folds the job; answers the milliseconds that it took. */
  moved(jobId: string, from: Replica): Promise<number>;
}

export interface FleetOptions {
  readonly count: number;
  /** A handle of its own for each replica. Default: one store and one bus in memory for all. */
  readonly open?: () => Promise<{ readonly storage: Storage; readonly bus: Bus }>;
  /** Of each replica, in the order of their start; none unless given. */
  readonly quotas?: () => QuotaSource;
  /** Of all replicas; nothing is limited unless given. */
  readonly limiter?: LimiterStore;
  /** Default: ten times as fast as in earnest. */
  readonly timing?: LeaseTiming;
}

const quickTiming: LeaseTiming = { beatMs: 50, validMs: 200, deadMs: 250 };

export const startFleet = async (test: TestContext, options: FleetOptions): Promise<Fleet> => {
  const { count, timing = quickTiming } = options;
  const inMemory = { storage: openMemoryStorage(), bus: openMemoryBus() };
  const open = options.open ?? (async () => inMemory);
  const logger = silentLogger();

  const replicas: Replica[] = [];
  // Before the hooks of the platforms, which would wait for what is paused.
  test.after(async () => {
    for (const { process } of replicas) process.resume();
    await Promise.all(replicas.map((replica) => replica.stop()));
    for (const { leases, process } of replicas) {
      await leases.close();
      await process.bus.close();
      await process.storage.close();
    }
  });

  const start = async (): Promise<Replica> => {
    const process = pausable(await open());
    const { storage, bus, clock } = process;
    const leases = await openLeases({ storage, clock, logger, timing });
    const platform = await startPlatform(test, {
      ...{ storage, bus, clock, leases },
      ...(options.quotas === undefined ? {} : { quotas: options.quotas() }),
      ...(options.limiter === undefined ? {} : { limiter: options.limiter }),
    });
    return { ...platform, leases, process, paused: false };
  };
  replicas.push(...(await Promise.all(Array.from({ length: count }, start))));
  const [first] = replicas;
  if (first === undefined) throw new Error('a fleet has at least one replica');
  let turn = 0;
  const next = (): Replica => {
    const running = replicas.filter(({ paused }) => !paused);
    turn += 1;
    const replica = running[turn % running.length];
    if (replica === undefined) throw new Error('no replica runs');
    return replica;
  };
  const holder = (jobId: string): Replica | undefined =>
    replicas.find(({ paused, leases }) => !paused && leases.holds(`jobs/${jobId}`));
  return {
    replicas,
    balancer: {
      ...first,
      get url() {
        return next().url;
      },
      call: (...given) => next().call(...given),
      open: (...given) => next().open(...given),
      tokenFor: (jobId) => next().tokenFor(jobId),
    },
    pause(replica) {
      replica.paused = true;
      replica.process.pause();
    },
    resume(replica) {
      replica.paused = false;
      replica.process.resume();
    },
    holder,
    async moved(jobId, from) {
      const start = performance.now();
      await until('another replica folds the job', () => {
        const there = holder(jobId);
        return there !== undefined && there !== from;
      });
      return performance.now() - start;
    },
  };
};

export const readJob = async (platform: Platform, jobId: string): Promise<Job> => {
  const { status, body } = await platform.call<Job>('GET', `/v1/jobs/${jobId}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
};
