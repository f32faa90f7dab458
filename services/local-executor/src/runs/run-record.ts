import { isDeepStrictEqual } from 'node:util';
import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import { retryDelay } from '@simfleet/simulation/worker';
import type { Collection, NewEvent } from '@simfleet/storage';
import type { RunDocument } from './run-document.ts';

/**
 * The stored form of a run. What the executor does must not wait for the disk, and what it has done must not be lost: changes are taken at
 * once, written in their order behind the scenes, one event a write, and tried again while the store cannot take them.
 */
export interface RunRecord {
  /** Newest state, whether stored already or not. */
  readonly current: RunDocument;
  /** Resolves once the change, and its event with it, is durable. Rejects only after `close`, or when this executor is no longer the active one. */
  change(next: RunDocument, event?: NewEvent): Promise<void>;
  /** Deletes the document after all changes before. */
  remove(): Promise<void>;
  /** Resolves when nothing waits to be written. */
  settled(): Promise<void>;
  /** Gives up what the store has not taken. */
  close(): void;
}

export interface RunRecordOptions {
  readonly collection: Collection<RunDocument>;
  readonly initial: RunDocument;
  /** Stored version of `initial`; 0 = not stored yet. */
  readonly version: number;
  /** Asked before each write: false once another executor may have the run. */
  readonly isActive: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Write {
  readonly run: RunDocument | null;
  readonly event: NewEvent | undefined;
  readonly written: PromiseWithResolvers<void>[];
}

const delays = { baseMs: 100, capMs: 5_000 };

const isConflict = (error: unknown): boolean =>
  ['version-conflict', 'already-exists', 'not-found'].includes(errorCode(error) ?? '');

export const openRunRecord = ({
  collection,
  initial,
  version,
  isActive,
  clock,
  logger,
}: RunRecordOptions): RunRecord => {
  const id = initial.jobId;
  const waiting: Write[] = [];
  const closing = new AbortController();
  let current = initial;
  let stored = version;
  let pumping: Promise<void> | null = null;

  const store = async ({ run, event }: Write): Promise<void> => {
    const events = event === undefined ? [] : [event];
    if (run === null) {
      if (stored > 0) await collection.delete(id, stored);
      stored = 0;
    } else {
      const saved =
        stored === 0 ? await collection.insert(id, run, events) : await collection.save(id, stored, run, events);
      stored = saved.version;
    }
  };

  /**
   * What is stored is not what this executor wrote last: the answer to a write was lost, or the executor before this one had a last word. True when
   * the write is there after all, its event with it.
   */
  const catchUp = async ({ run }: Write): Promise<boolean> => {
    const row = await collection.get(id);
    stored = row?.version ?? 0;
    return row === null ? run === null : isDeepStrictEqual(row.doc, run);
  };

  const storeWithRetries = async (write: Write): Promise<void> => {
    for (let failures = 1; ; failures++) {
      if (!isActive()) throw new SimfleetError('unavailable', 'another executor may have taken over');
      try {
        return await store(write);
      } catch (error) {
        if (closing.signal.aborted) throw error;
        if (isConflict(error) && (await catchUp(write).catch(() => false))) return;
        logger.error({ err: error, jobId: id, failures }, 'a run could not be stored, trying again');
        await clock.sleep(retryDelay(failures, delays, 0.5), closing.signal);
      }
    }
  };

  const pump = async (): Promise<void> => {
    for (let write = waiting[0]; write !== undefined; write = waiting[0]) {
      waiting.shift();
      try {
        await storeWithRetries(write);
        write.written.forEach(({ resolve }) => resolve());
      } catch (error) {
        write.written.forEach(({ reject }) => reject(error));
      }
    }
    pumping = null;
  };

  const enqueue = (run: RunDocument | null, event?: NewEvent): Promise<void> => {
    const written = Promise.withResolvers<void>();
    // Whoever does not wait must not fail either: what matters to them is in the log.
    written.promise.catch(() => undefined);
    const last = waiting.at(-1);
    // A change without an event rides with the newest one that waits: the state it leads to is what counts.
    if (last !== undefined && run !== null && last.run !== null && event === undefined) {
      waiting[waiting.length - 1] = { run, event: last.event, written: [...last.written, written] };
    } else {
      waiting.push({ run, event, written: [written] });
    }
    pumping ??= pump();
    return written.promise;
  };

  return {
    get current() {
      return current;
    },
    change(next, event) {
      current = next;
      return enqueue(next, event);
    },
    remove: () => enqueue(null),
    async settled() {
      await pumping;
    },
    close: () => closing.abort(),
  };
};
