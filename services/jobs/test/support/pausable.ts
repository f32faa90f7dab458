import type { Bus } from '@simfleet/bus';
import type { Clock } from '@simfleet/runtime';
import { systemClock } from '@simfleet/runtime';
import type { Collection, Document, Log, Outbox, Storage } from '@simfleet/storage';

/**
 * What a process sees of the world, and a way to stop it as SIGSTOP does: while it is paused none of its calls of the store begins or answers, none of its
 * timers fires, nobody gets an answer from it over the bus, and time goes on.
 */
export interface Pausable {
  readonly storage: Storage;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Hints of others that are lost on the way to this process. */
  losesHints: boolean;
  /** What its appends to live logs wait for. */
  holdsLive: Promise<void> | null;
  pause(): void;
  resume(): void;
}

export const pausable = (inner: { readonly storage: Storage; readonly bus: Bus }): Pausable => {
  const state: { gate: PromiseWithResolvers<void> | null } = { gate: null };

  const untilResumed = async (): Promise<void> => {
    const closed = state.gate;
    if (closed === null) return;
    await closed.promise;
    return untilResumed();
  };

  /** Begins and answers only while the process runs. */
  const running = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await untilResumed();
    try {
      return await work();
    } finally {
      await untilResumed();
    }
  };

  const collection = <Doc extends Document>(of: Collection<Doc>): Collection<Doc> => ({
    get: (id) => running(() => of.get(id)),
    insert: (...given) => running(() => of.insert(...given)),
    save: (...given) => running(() => of.save(...given)),
    delete: (...given) => running(() => of.delete(...given)),
    query: (query) => running(() => of.query(query)),
    count: (...given) => running(() => of.count(...given)),
  });
  const { log, outbox } = inner.storage;
  const ownLog: Log = {
    append: (stream, entries) =>
      running(async () => {
        if (stream.startsWith('live:')) await process.holdsLive;
        return log.append(stream, entries);
      }),
    read: (...given) => running(() => log.read(...given)),
    last: (stream) => running(() => log.last(stream)),
    trim: (...given) => running(() => log.trim(...given)),
    drop: (stream) => running(() => log.drop(stream)),
  };
  const ownOutbox: Outbox = {
    pending: (...given) => running(() => outbox.pending(...given)),
    markPublished: (events) => running(() => outbox.markPublished(events)),
    onCommit: (listener) => outbox.onCommit(listener),
  };

  const after: Clock['after'] = (ms, callback) => {
    let cancelled = false;
    const cancel = systemClock.after(ms, () => {
      void running(async () => {
        if (!cancelled) callback();
      });
    });
    return () => {
      cancelled = true;
      cancel();
    };
  };

  const { bus } = inner;
  const process: Pausable = {
    losesHints: false,
    holdsLive: null,
    storage: {
      description: inner.storage.description,
      shared: true,
      log: ownLog,
      outbox: ownOutbox,
      collection: async (declaration) => collection(await inner.storage.collection(declaration)),
      dump: () => inner.storage.dump(),
      load: (records) => inner.storage.load(records),
      check: () => inner.storage.check(),
      close: () => inner.storage.close(),
    },
    bus: {
      description: bus.description,
      shared: true,
      publish: (event) => running(() => bus.publish(event)),
      consume: (consumer) => bus.consume({ ...consumer, handle: (event) => running(() => consumer.handle(event)) }),
      broadcast: (subject, message) => bus.broadcast(subject, message),
      listen: (subject, handler) =>
        bus.listen(subject, (message) => {
          if (process.losesHints) return;
          void running(async () => handler(message));
        }),
      request: (subject, body, options) => running(() => bus.request(subject, body, options)),
      answer: (subject, handler, options) => bus.answer(subject, (body) => running(() => handler(body)), options),
      deadLetters: (query) => bus.deadLetters(query),
      replay: (letter) => bus.replay(letter),
      discard: (letter) => bus.discard(letter),
      check: () => bus.check(),
      close: () => bus.close(),
    },
    clock: { ...systemClock, after, sleep: (ms, signal) => running(() => systemClock.sleep(ms, signal)) },
    pause() {
      state.gate ??= Promise.withResolvers();
    },
    resume() {
      state.gate?.resolve();
      state.gate = null;
    },
  };
  return process;
};
