import { Gauge } from '@simfleet/runtime';
import type { Module, RunningModule, RuntimeContext } from '@simfleet/runtime';
import { lead } from '@simfleet/storage';
import { runCollection } from './runs/run-document.ts';
import type { RunDocument } from './runs/run-document.ts';
import { beginTerm, executorLease, slotsOf } from './term.ts';
import type { LocalExecutorDependencies, Term } from './term.ts';

export { localExecutorOptions } from './config.ts';
export type { LocalExecutorOptions } from './config.ts';
export type { LocalExecutorDependencies } from './term.ts';

/**
 * The executor as a module: runs jobs as processes on this machine. Needs the HTTP server, since shards report to it. Of several on one store one is
 * active, and the others stand by.
 */
export const localExecutorModule = (dependencies: LocalExecutorDependencies, dependsOn: readonly string[]): Module => ({
  name: 'local-executor',
  dependsOn,
  start: (context) => startExecutor(dependencies, context),
});

const startExecutor = async (
  dependencies: LocalExecutorDependencies,
  context: RuntimeContext,
): Promise<RunningModule> => {
  const { leases, storage } = dependencies;
  const { clock, logger, metrics } = context;
  const collection = await storage.collection<RunDocument>(runCollection);
  let term: Term | null = null;
  let fault: Error | undefined;
  const begin = async (): Promise<() => Promise<void>> => {
    try {
      const begun = await beginTerm(dependencies, context, collection);
      term = begun;
      return async () => {
        term = null;
        await begun.end();
      };
    } catch (error) {
      fault = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  };
  const leading = await lead({ leases, name: executorLease, clock, logger, begin });
  // What keeps the first term from beginning keeps the module from starting; later ones are tried again.
  if (fault !== undefined) {
    await leading.stop();
    throw fault;
  }
  measure(metrics, () => term, slotsOf(dependencies));
  return {
    check: async () => term?.check(),
    async stop() {
      await leading.stop();
      await leases.release(executorLease).catch((error: unknown) => {
        logger.warn({ err: error }, 'the next executor has to wait for the end of this process');
      });
    },
  };
};
const measure = (metrics: RuntimeContext['metrics'], term: () => Term | null, slots: number): void => {
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
  gauge('simfleet_executor_active', 'Whether this executor runs the jobs (1) or stands by (0).', () =>
    term() === null ? 0 : 1,
  );
  gauge('simfleet_executor_slots', 'Shards that can run at the same time on this machine.', () => slots);
  gauge('simfleet_executor_shards_running', 'Shards that hold a slot.', () => term()?.counts.running ?? 0);
  gauge('simfleet_executor_shards_waiting', 'Shards that wait for a slot.', () => term()?.counts.waiting ?? 0);
};
