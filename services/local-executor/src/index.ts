import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '@simfleet/bus';
import { SimfleetError } from '@simfleet/contracts';
import { Gauge } from '@simfleet/runtime';
import type { Module, RunningModule, RuntimeContext } from '@simfleet/runtime';
import type { Storage } from '@simfleet/storage';
import type { LocalExecutorOptions } from './config.ts';
import { openExecutor } from './executor.ts';
import type { Executor } from './executor.ts';
import { openOutputLog } from './output/output-log.ts';
import { forkShardProcess } from './pool/fork-shard-process.ts';
import { openWarmPool } from './pool/warm-pool.ts';
import type { WarmPool } from './pool/warm-pool.ts';
import { runCollection } from './runs/run-document.ts';
import type { RunDocument } from './runs/run-document.ts';
import { openTokenFiles } from './tokens/token-files.ts';

export { localExecutorOptions } from './config.ts';
export type { LocalExecutorOptions } from './config.ts';

export interface LocalExecutorDependencies {
  readonly storage: Storage;
  readonly bus: Bus;
  /** Address of the platform as a process on this machine reaches it. */
  readonly url: () => string;
  readonly dataDirectory: string;
  /** Node binary for shard processes. */
  readonly execPath: string;
  readonly options: LocalExecutorOptions;
}

/** Time for shards to finish their block and return their lease when the platform stops, in milliseconds. */
const stopGraceMs = 15_000;

/** The executor as a module: runs jobs as processes on this machine. Needs the HTTP server, since shards report to it. */
export const localExecutorModule = (dependencies: LocalExecutorDependencies, dependsOn: readonly string[]): Module => ({
  name: 'local-executor',
  dependsOn,
  start: (context) => startExecutor(dependencies, context),
});

const startExecutor = async (
  dependencies: LocalExecutorDependencies,
  context: RuntimeContext,
): Promise<RunningModule> => {
  const { clock, logger, metrics } = context;
  const { storage, bus, dataDirectory, execPath, options, url } = dependencies;
  const slots = options.executorSlots ?? availableParallelism();
  const collection = await storage.collection<RunDocument>(runCollection);
  const tokens = await openTokenFiles(join(dataDirectory, 'tokens'));
  const fork = () => forkShardProcess({ execPath, compileCache: join(dataDirectory, 'compile-cache') });
  const pool = openWarmPool({ size: slots, fork, clock, random: Math.random, logger });
  const output = openOutputLog({
    log: storage.log,
    clock,
    logger,
    session: randomUUID(),
    keptBytes: options.executorOutputBytes,
  });
  const events = { newId: randomUUID, now: () => clock.now() };
  const executor = openExecutor({
    ...{ bus, clock, logger, random: Math.random, pool, output, tokens, events, url, collection, slots },
  });
  await executor.reconcile();
  const unsubscribe = await bus.consume({
    name: 'local-executor',
    types: ['dev.simfleet.job.changed.v1'],
    handle: (event) => executor.obey(event),
  });
  const unanswer = await bus.answer('executor.read-logs', (request) => executor.readLogs(request));
  measure(metrics, executor, slots);
  return {
    check: () => checkPool(pool),
    async stop() {
      await Promise.all([executor.stop(stopGraceMs), unsubscribe()]);
      await unanswer();
    },
  };
};

/** A start or two may fail on a machine short of memory; a row of them means that no job can run. */
const failuresThatMatter = 3;

const checkPool = async (pool: WarmPool): Promise<void> => {
  if (pool.failures >= failuresThatMatter) throw new SimfleetError('unavailable', 'Shard processes cannot be started.');
};

const measure = (metrics: RuntimeContext['metrics'], executor: Executor, slots: number): void => {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('simfleet_executor_slots', 'Shards that can run at the same time on this machine.', () => slots);
  gauge('simfleet_executor_shards_running', 'Shards that hold a slot.', () => executor.counts.running);
  gauge('simfleet_executor_shards_waiting', 'Shards that wait for a slot.', () => executor.counts.waiting);
};
