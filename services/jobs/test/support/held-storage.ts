import type { Log, Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';

/** A store whose ledger writes can be held up, so that something else comes between a report and its effect. */
export interface HeldStorage {
  readonly storage: Storage;
  /** Writes that start from now on wait for the function that this answers. */
  hold(): () => void;
  /** Writes that wait. */
  readonly waiting: number;
}

export const heldStorage = (): HeldStorage => {
  const inner = openMemoryStorage();
  let gate: Promise<void> = Promise.resolve();
  let waiting = 0;
  const append: Log['append'] = async (stream, entries) => {
    if (!stream.startsWith('ledger:')) return inner.log.append(stream, entries);
    waiting += 1;
    await gate;
    waiting -= 1;
    return inner.log.append(stream, entries);
  };
  const log: Log = {
    append,
    read: (stream, after, limit) => inner.log.read(stream, after, limit),
    last: (stream) => inner.log.last(stream),
    trim: (stream, through) => inner.log.trim(stream, through),
    drop: (stream) => inner.log.drop(stream),
  };
  return {
    storage: {
      description: inner.description,
      shared: inner.shared,
      log,
      outbox: inner.outbox,
      collection: (declaration) => inner.collection(declaration),
      dump: () => inner.dump(),
      load: (records) => inner.load(records),
      check: () => inner.check(),
      close: () => inner.close(),
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    get waiting() {
      return waiting;
    },
  };
};
