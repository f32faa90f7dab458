import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '@simfleet/bus';
import { SimfleetError } from '@simfleet/contracts';
import type { RuntimeContext } from '@simfleet/runtime';
import type { Collection, Leases, Storage } from '@simfleet/storage';
import type { LocalExecutorOptions } from './config.ts';
import { openExecutor } from './executor.ts';
import type { Executor } from './executor.ts';
import { expireOutputHourly } from './output/expire-output.ts';
import { openOutputLog } from './output/output-log.ts';
import { forkShardProcess } from './pool/fork-shard-process.ts';
import { openWarmPool } from './pool/warm-pool.ts';
import type { RunDocument } from './runs/run-document.ts';
import { openTokenFiles } from './tokens/token-files.ts';

export interface LocalExecutorDependencies {
  readonly storage: Storage;
  readonly bus: Bus;
  /** Of the executors on one store the holder of the lease is active. */
  readonly leases: Leases;
  /** Address of the platform as a process on this machine reaches it. */
  readonly url: () => string;
  readonly dataDirectory: string;
  /** Node binary for shard processes. */
  readonly execPath: string;
  readonly options: LocalExecutorOptions;
}

/** The time in which this executor is the active one: from taking over the runs in the store to leaving them to the next. */
export interface Term {
  readonly counts: Executor['counts'];
  /** Throws `unavailable` when shards cannot be started. */
  check(): void;
  end(): Promise<void>;
}

/** The lease of the active executor. */
export const executorLease = 'local-executor';
/** Time for shards to finish their block and return their lease when the platform stops, in milliseconds. */
const stopGraceMs = 15_000;
/** A start or two may fail on a machine short of memory; a row of them means that no job can run. */
const failuresThatMatter = 3;

export const slotsOf = ({ options }: Pick<LocalExecutorDependencies, 'options'>): number =>
  options.executorSlots ?? availableParallelism();

/** Takes up what the last active executor has left, and listens. */
export const beginTerm = async (
  dependencies: LocalExecutorDependencies,
  { clock, logger, tracing }: Pick<RuntimeContext, 'clock' | 'logger' | 'tracing'>,
  collection: Collection<RunDocument>,
): Promise<Term> => {
  const { storage, bus, leases, dataDirectory, execPath, options, url } = dependencies;
  const slots = slotsOf(dependencies);
  const tokens = await openTokenFiles(join(dataDirectory, 'tokens'));
  const fork = () => forkShardProcess({ execPath, compileCache: join(dataDirectory, 'compile-cache') });
  const pool = openWarmPool({ size: slots, fork, clock, random: Math.random, logger });
  const kept = { session: randomUUID(), keptBytes: options.executorOutputBytes };
  const output = openOutputLog({ log: storage.log, clock, logger, ...kept });
  const events = { newId: randomUUID, now: () => clock.now(), trace: () => tracing.current() };
  const isActive = (): boolean => leases.holds(executorLease);
  const executor = openExecutor({
    ...{
      bus,
      clock,
      logger,
      random: Math.random,
      pool,
      output,
      tokens,
      events,
      url,
      collection,
      slots,
      isActive,
      tracing,
    },
  });
  const keptDays = options.executorOutputDays ?? null;
  const endExpiry = expireOutputHourly({ log: storage.log, runs: collection, clock, logger, keptDays });
  const subscriptions: (() => Promise<void>)[] = [];
  const end = async (): Promise<void> => {
    await endExpiry();
    const leaving = isActive() ? executor.stop(stopGraceMs) : executor.abandon();
    await Promise.all([leaving, ...subscriptions.slice(0, 1).map((unsubscribe) => unsubscribe())]);
    await Promise.all(subscriptions.slice(1).map((unsubscribe) => unsubscribe()));
  };
  try {
    await executor.reconcile();
    subscriptions.push(
      await bus.consume({
        name: 'local-executor',
        types: ['dev.simfleet.job.changed.v1'],
        handle: (event) => executor.obey(event),
      }),
      await bus.answer('executor.read-logs', (request) => executor.readLogs(request)),
    );
  } catch (error) {
    await end();
    throw error;
  }
  return {
    get counts() {
      return executor.counts;
    },
    check() {
      if (pool.failures >= failuresThatMatter)
        throw new SimfleetError('unavailable', 'Shard processes cannot be started.');
    },
    end,
  };
};
