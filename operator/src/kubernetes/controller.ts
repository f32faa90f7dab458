import type { Clock, Logger } from '@simfleet/runtime';
import type { Queue } from './api.ts';
import { KubernetesError } from './errors.ts';
import type { Instruments } from './instruments.ts';
import { defaultBackoff } from './queue/backoff.ts';
import { createWorkQueue, type Taken, type WorkQueue } from './queue/work-queue.ts';
import { startResync } from './resync.ts';
import type { Controller, ControllerOptions, Term } from './runtime.ts';

export interface ControllerParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instruments: Instruments;
}

const defaultWorkers = 8;
const defaultResyncMs = 600_000;
const defaultRoundLimitMs = 60_000;
/** Of the workers, those that do other things while somebody waits for an edit: they share the processors and the API server with it. */
const shareBesideWanted = 0.25;
/** How long rounds under way may go on after `stopping`. Milliseconds. */
const graceMs = 10_000;

/** What happens all the time where several write, and is mended by the next round. */
const expected = new Set(['Conflict', 'AlreadyExists', 'NotLeading']);

export const createController = (options: ControllerOptions, parts: ControllerParts): Controller => {
  const { name, sources, workers = defaultWorkers, resyncMs = defaultResyncMs } = options;
  const { clock, instruments } = parts;
  let queue: WorkQueue | null = null;

  const open: Queue = {
    add: (key) => queue?.add(key),
    addAfter: (key, delayMs) => queue?.addAfter(key, delayMs),
  };

  return {
    queue: open,
    async run(term) {
      const own = createWorkQueue(clock, defaultBackoff, Math.max(1, Math.floor(workers * shareBesideWanted)));
      queue = own;
      const add = (keys: Iterable<string>, isWanted: boolean): void => {
        for (const key of keys)
          if (isWanted) own.addFirst(key);
          else own.add(key);
        instruments.queue(name, own.depth, own.working);
      };
      const addBehind = (keys: Iterable<string>): void => {
        for (const key of keys) own.addBehind(key);
        instruments.queue(name, own.depth, own.working);
      };
      const forget = sources.map((source) => source.onKeys(add));
      const ending = AbortSignal.any([term.stopping, term.lost]);
      await Promise.all(sources.map((source) => source.untilSynced(ending)));
      if (!ending.aborted) for (const source of sources) addBehind(source.keys());
      const stopResync = startResync(clock, sources, resyncMs, addBehind);
      const rounds = createRounds(options, own, parts);
      const work = async (): Promise<void> => {
        for (let taken = await own.take(); taken !== null; taken = await own.take()) await rounds.round(taken);
      };
      const working = Array.from({ length: workers }, work);
      await aborted(ending);
      own.close();
      stopResync();
      for (const end of forget) end();
      await endRounds(term, rounds, clock, Promise.all(working));
      instruments.queue(name, 0, 0);
      queue = queue === own ? null : queue;
    },
  };
};

interface Rounds {
  round(taken: Taken): Promise<void>;
  /** Aborts the signals of the rounds under way. */
  abort(): void;
}

const createRounds = (
  { name, reconcile, roundLimitMs = defaultRoundLimitMs }: ControllerOptions,
  queue: WorkQueue,
  { clock, logger, instruments }: ControllerParts,
): Rounds => {
  const underWay = new Set<AbortController>();

  const failed = (taken: Taken, error: unknown): void => {
    const delayMs = Math.round(taken.failed());
    const level = error instanceof KubernetesError && expected.has(error.reason) ? 'debug' : 'warn';
    const failures = queue.failures(taken.key);
    logger[level]({ controller: name, key: taken.key, error, failures, delayMs }, 'a round failed and is repeated');
  };

  return {
    async round(taken) {
      const ending = new AbortController();
      underWay.add(ending);
      const stopLimit = clock.after(roundLimitMs, () =>
        ending.abort(new Error(`a round took over ${roundLimitMs} ms`)),
      );
      instruments.waited(name, taken.waitedMs);
      instruments.queue(name, queue.depth, queue.working);
      const begunAt = clock.monotonic();
      let result: 'success' | 'requeue' | 'error' = 'success';
      try {
        const { requeueAfterMs } = (await reconcile(taken.key, ending.signal)) ?? {};
        if (requeueAfterMs !== undefined) result = 'requeue';
        taken.done(requeueAfterMs);
      } catch (error) {
        result = 'error';
        failed(taken, error);
      } finally {
        stopLimit();
        underWay.delete(ending);
        instruments.round(name, result, clock.monotonic() - begunAt);
        instruments.queue(name, queue.depth, queue.working);
      }
    },
    abort() {
      for (const ending of underWay) ending.abort(new KubernetesError('NotLeading', 'the controller ends'));
    },
  };
};

/** Lets rounds finish within their grace, unless the term is lost. */
const endRounds = async (term: Term, rounds: Rounds, clock: Clock, ended: Promise<unknown>): Promise<void> => {
  const stopGrace = clock.after(graceMs, rounds.abort);
  if (term.lost.aborted) rounds.abort();
  term.lost.addEventListener('abort', rounds.abort, { once: true });
  await ended;
  term.lost.removeEventListener('abort', rounds.abort);
  stopGrace();
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
