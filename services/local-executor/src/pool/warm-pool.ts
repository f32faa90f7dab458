import type { Clock, Logger } from '@simfleet/runtime';
import { retryDelay } from '@simfleet/simulation/worker';
import type { WorkerProcess } from './worker-process.ts';

/** Processes that wait with compiled kernels, so that a job begins within a millisecond instead of the start of a process. */
export interface WarmPool {
  /** The next process that is ready; waits while none is. Rejects with the reason once the pool is closed. */
  take(): Promise<WorkerProcess>;
  /** Takes a process back. One that has failed or ended is replaced. */
  give(worker: WorkerProcess): void;
  /** Pids of all processes, for people and tests. */
  readonly pids: readonly number[];
  /** Starts of processes that failed in a row: 0 while all is well. */
  readonly failures: number;
  /** Asks every process to end, kills after `graceMs` those that have not. Idempotent. */
  close(graceMs: number): Promise<void>;
}

export interface WarmPoolOptions {
  /** Processes in all, idle or busy. */
  readonly size: number;
  readonly fork: () => WorkerProcess;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** Processes that start at the same moment: more would only slow each other and the platform down. */
const startingAtOnce = 2;
const delays = { baseMs: 250, capMs: 30_000 };

export const openWarmPool = ({ size, fork, clock, random, logger }: WarmPoolOptions): WarmPool => {
  const all = new Set<WorkerProcess>();
  const idle: WorkerProcess[] = [];
  const waiting: PromiseWithResolvers<WorkerProcess>[] = [];
  const closing = new AbortController();
  let starting = 0;
  let failures = 0;
  let pausing = false;
  let closed: Promise<void> | undefined;

  const fill = (): void => {
    while (!closing.signal.aborted && !pausing && starting < startingAtOnce && all.size < size) void start();
  };

  const start = async (): Promise<void> => {
    starting++;
    const worker = fork();
    all.add(worker);
    void worker.gone.then(() => drop(worker));
    try {
      await worker.ready;
      failures = 0;
      offer(worker);
    } catch (error) {
      if (!closing.signal.aborted) await pause(error);
    } finally {
      starting--;
      fill();
    }
  };

  const pause = async (error: unknown): Promise<void> => {
    failures++;
    logger.error({ err: error, failures }, 'a shard process could not be started');
    pausing = true;
    await clock.sleep(retryDelay(failures, delays, random()), closing.signal);
    pausing = false;
  };

  const drop = (worker: WorkerProcess): void => {
    all.delete(worker);
    const at = idle.indexOf(worker);
    if (at >= 0) idle.splice(at, 1);
    fill();
  };

  const offer = (worker: WorkerProcess): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(worker);
    else next.resolve(worker);
  };

  const closeAll = async (graceMs: number): Promise<void> => {
    closing.abort();
    waiting.splice(0).forEach(({ reject }) => reject(new Error('the platform is stopping')));
    const workers = [...all];
    workers.forEach((worker) => worker.kill('SIGTERM'));
    const cancel = clock.after(graceMs, () => {
      [...all].forEach((worker) => {
        logger.warn({ pid: worker.pid }, 'a shard process did not leave in time and is killed');
        worker.kill('SIGKILL');
      });
    });
    await Promise.all(workers.map(({ gone }) => gone));
    cancel();
  };

  fill();
  return {
    async take() {
      if (closing.signal.aborted) throw new Error('the platform is stopping');
      const worker = idle.shift();
      if (worker !== undefined) return worker;
      const next = Promise.withResolvers<WorkerProcess>();
      waiting.push(next);
      return next.promise;
    },
    give(worker) {
      if (worker.usable && !closing.signal.aborted) offer(worker);
    },
    get pids() {
      return [...all].map(({ pid }) => pid);
    },
    get failures() {
      return failures;
    },
    close: (graceMs) => (closed ??= closeAll(graceMs)),
  };
};
