import { errorCode } from '@simfleet/contracts';
import type { LiveEvent } from '@simfleet/contracts';
import type { Bus } from '@simfleet/bus';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Entry, Json, Log } from '@simfleet/storage';
import { isResult, notToldBefore } from './not-told.ts';

/** An event on its way into a job's live log. The key makes it safe to append twice. */
export interface LiveEntry {
  readonly key: string;
  readonly event: LiveEvent;
}

/**
 * The live history of each job: positions 1, 2, 3, … are the ids of its server-sent events. Entries of one job are appended in the order
 * they were handed in, and tried again until they are durable.
 */
export interface LiveLog {
  /** Hands entries in; never throws and never waits. */
  push(jobId: string, entries: readonly LiveEntry[]): void;
  /** Whether entries of the job are not durable yet: progress can wait then. */
  busy(jobId: string): boolean;
  /** Resolves when all entries handed in so far are durable, or the log is closed. */
  settled(jobId: string): Promise<void>;
  read(jobId: string, after: number, limit: number): Promise<readonly Entry[]>;
  last(jobId: string): Promise<number>;
  /** Key of the last entry; null when there is none. */
  lastKey(jobId: string): Promise<string | null>;
  /** Keys that are in the log, of those that start with the prefix. */
  keys(jobId: string, prefix: string): Promise<ReadonlySet<string>>;
  /**
   * Drops all but the newest `kept` events (at least 1); their ids stay. Answers how many went: none unless the history ends with a result, since the job
   * was extended then and goes on.
   */
  trim(jobId: string, kept: number): Promise<number>;
  drop(jobId: string): Promise<void>;
  /** Gives up waiting for a store that fails. Idempotent. */
  close(): Promise<void>;
}

export interface LiveLogOptions {
  readonly log: Log;
  readonly bus: Pick<Bus, 'broadcast'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
}

interface Queue {
  entries: LiveEntry[];
  running: Promise<void>;
}

const retryMs = 500;
const pageSize = 1000;
export const liveSubject = (jobId: string): string => `live.${jobId}`;
const streamOf = (jobId: string): string => `live:${jobId}`;

export const openLiveLog = ({ log, bus, clock, logger }: LiveLogOptions): LiveLog => {
  const queues = new Map<string, Queue>();
  const closing = new AbortController();

  const append = async (jobId: string, handedIn: readonly LiveEntry[]): Promise<void> => {
    const entries = await notToldBefore(log, streamOf(jobId), handedIn);
    if (entries.length === 0) return;
    const data = entries.map(({ key, event }) => ({ key, data: event as unknown as Json }));
    try {
      await log.append(streamOf(jobId), data);
    } catch (error) {
      if (errorCode(error) !== 'not-reproducible') throw error;
      if (data.length > 1) {
        for (const entry of entries) await append(jobId, [entry]);
        return;
      }
      logger.warn(
        { jobId, key: entries[0]?.key },
        'a live event was there already with other content: the first one stays',
      );
    }
  };

  const drain = async (jobId: string, queue: Queue): Promise<void> => {
    // Entries handed in during this turn of the event loop share one write.
    await Promise.resolve();
    while (queue.entries.length > 0 && !closing.signal.aborted) {
      const batch = queue.entries;
      queue.entries = [];
      try {
        await append(jobId, batch);
        bus.broadcast(liveSubject(jobId), null);
      } catch (error) {
        logger.warn({ jobId, err: error }, 'live events wait for the store');
        queue.entries = [...batch, ...queue.entries];
        await clock.sleep(retryMs, closing.signal);
      }
    }
    queues.delete(jobId);
  };

  return {
    push(jobId, entries) {
      if (entries.length === 0) return;
      const queue = queues.get(jobId);
      if (queue !== undefined) {
        queue.entries.push(...entries);
        return;
      }
      const fresh: Queue = { entries: [...entries], running: Promise.resolve() };
      queues.set(jobId, fresh);
      fresh.running = drain(jobId, fresh);
    },
    busy: (jobId) => queues.has(jobId),
    settled: async (jobId) => {
      await queues.get(jobId)?.running;
    },
    read: (jobId, after, limit) => log.read(streamOf(jobId), after, limit),
    last: (jobId) => log.last(streamOf(jobId)),
    async lastKey(jobId) {
      const position = await log.last(streamOf(jobId));
      const [entry] = await log.read(streamOf(jobId), Math.max(0, position - 1), 1);
      return entry?.key ?? null;
    },
    async keys(jobId, prefix) {
      const found = new Set<string>();
      for (let after = 0; ;) {
        const page = await log.read(streamOf(jobId), after, pageSize);
        for (const { key } of page) if (key.startsWith(prefix)) found.add(key);
        after = page.at(-1)?.position ?? after;
        if (page.length < pageSize) return found;
      }
    },
    async trim(jobId, kept) {
      const stream = streamOf(jobId);
      const last = await log.last(stream);
      const through = last - kept;
      const [first] = through < 1 ? [] : await log.read(stream, 0, 1);
      if (first === undefined || first.position > through) return 0;
      const [newest] = await log.read(stream, last - 1, 1);
      if (newest === undefined || !isResult(newest)) return 0;
      await log.trim(stream, through);
      return through - first.position + 1;
    },
    async drop(jobId) {
      await queues.get(jobId)?.running;
      await log.drop(streamOf(jobId));
    },
    async close() {
      closing.abort();
      await Promise.all([...queues.values()].map(({ running }) => running));
    },
  };
};
