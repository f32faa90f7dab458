import { errorCode, errorTable, type SimfleetEvent } from '@simfleet/contracts';
import type { Outbox, PendingEvent } from '../collection.ts';
import { Marks } from './marks.ts';

/** What the relay needs of a `Clock`. */
export interface RelayClock {
  /** Calls back once after `ms`; returns the function that cancels. */
  after(ms: number, callback: () => void): () => void;
}

/** What the relay needs of a `Logger`. */
export interface RelayLogger {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RelayOptions {
  readonly outbox: Outbox;
  /** Resolves once the event is safe on the other side. May be asked for the same event again. */
  readonly publish: (event: SimfleetEvent) => Promise<void>;
  readonly clock: RelayClock;
  readonly logger: RelayLogger;
  /** Asked before each publish: false once another process relays. What is left is its to publish. Default: always. */
  readonly mayPublish?: () => boolean;
  /** Milliseconds between looks at the outbox when no commit was told: the net for commits of other processes. Default 1000. */
  readonly pollMs?: number;
  /** Milliseconds before the first retry of a source; doubles up to 30 s. Default 100. */
  readonly firstRetryMs?: number;
  /** How long `stop` waits for publishes under way, in milliseconds. What is left goes out after the next start. Default 1000. */
  readonly graceMs?: number;
}

export interface Relay {
  /** Looks at the outbox soon: another process told of a commit. */
  wake(): void;
  /** Publishes nothing more and waits for what is under way, at most `graceMs`. Idempotent. */
  stop(): Promise<void>;
}

/** Events read at once. */
const batch = 256;
/** Sources being published or waiting for a retry; with so many in trouble the other side is down, and reading on would not help. */
const mostSources = 256;
const longestRetryMs = 30_000;

const isForGood = (error: unknown): boolean => {
  const code = errorCode(error);
  return code !== undefined && !errorTable[code].retryable;
};
const refusedForGood =
  'An event is refused, and the later ones of its source wait behind it: mend what the error tells, it is tried again until it is taken';

/**
 * Publishes what the outbox holds: in order within a source, sources side by side; a source that fails is retried with backoff and holds
 * up no other. An event is marked after its publish resolved, so a death in between publishes it again: at least once. One that the other side
 * refuses for good (by the table of errors, as too large) is told of once, as an error, and tried on: somebody may raise the limit.
 */
export const startRelay = (options: RelayOptions): Relay => {
  const { outbox, publish, clock, logger, pollMs = 1000, firstRetryMs = 100, graceMs = 1000 } = options;
  const { mayPublish = () => true } = options;
  const busy = new Map<string, Promise<void>>();
  const marks = new Marks(outbox);
  const pauses = new Set<() => void>();
  let stopped = false;
  let reading = false;
  let again = false;

  /** Resolves after `ms`, or at once when the relay stops. */
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        cancel();
        pauses.delete(end);
        resolve();
      };
      const cancel = clock.after(ms, end);
      pauses.add(end);
    });

  /** Repeats a step until it succeeds. False when the relay has stopped, or is another process's by now. */
  const insist = async (what: string, source: string, step: () => Promise<void>): Promise<boolean> => {
    let isRefused = false;
    for (let failures = 1; ; failures += 1) {
      try {
        await step();
        return true;
      } catch (error) {
        if (stopped) return false;
        const retryMs = Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1));
        if (!isForGood(error)) logger.warn({ err: error, source, failures, retryMs }, what);
        else if (!isRefused) logger.error({ err: error, source, retryMs: longestRetryMs }, refusedForGood);
        isRefused ||= isForGood(error);
        await pause(retryMs);
        if (stopped || !mayPublish()) return false;
      }
    }
  };

  const publishSource = async (source: string, events: readonly PendingEvent[]): Promise<void> => {
    const out: PendingEvent[] = [];
    for (const pending of events) {
      if (stopped || !mayPublish()) break;
      if (!(await insist('An event could not be published', source, () => publish(pending.event)))) break;
      out.push(pending);
    }
    if (out.length > 0) await insist('Published events could not be marked', source, () => marks.mark(out));
  };

  const take = (events: readonly PendingEvent[]): void => {
    for (const [source, ofSource] of Map.groupBy(events, ({ event }) => event.source)) {
      const publishing = publishSource(source, ofSource).finally(() => {
        busy.delete(source);
        look();
      });
      busy.set(source, publishing);
    }
  };

  const readOn = async (): Promise<void> => {
    reading = true;
    try {
      do {
        again = false;
        if (busy.size >= mostSources || !mayPublish()) return;
        const events = await outbox.pending(batch, [...busy.keys()]);
        if (stopped) return;
        take(events);
        again ||= events.length === batch;
      } while (again);
    } catch (error) {
      logger.warn({ err: error }, 'The outbox could not be read');
    } finally {
      // In the same step as the last look at `again`: a commit told in between would wait for the poll.
      reading = false;
    }
  };

  /** Reads what is pending; told while it reads, it reads once more, so that no commit is missed. */
  const look = (): void => {
    again = true;
    if (!reading && !stopped) void readOn();
  };

  const poll = (): void => {
    look();
    cancelPoll = clock.after(pollMs, poll);
  };
  let cancelPoll = (): void => undefined;
  const endListening = outbox.onCommit(look);
  poll();

  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    stopped = true;
    endListening();
    cancelPoll();
    for (const end of pauses) end();
    const late = Promise.withResolvers<void>();
    const cancelGrace = clock.after(graceMs, late.resolve);
    await Promise.race([Promise.all(busy.values()), late.promise]);
    cancelGrace();
  };
  return { wake: look, stop: () => (stopping ??= stop()) };
};
