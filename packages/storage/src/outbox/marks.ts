import type { Outbox, PendingEvent } from '../collection.ts';

interface Batch {
  readonly events: PendingEvent[];
  readonly written: PromiseWithResolvers<void>;
}

/** Marks of many sources, written together: one write under way at a time, and what comes meanwhile goes into the next. */
export class Marks {
  readonly #outbox: Outbox;
  #next: Batch | null = null;
  #writing = false;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Resolves once the events are marked. */
  mark(events: readonly PendingEvent[]): Promise<void> {
    this.#next ??= { events: [], written: Promise.withResolvers() };
    this.#next.events.push(...events);
    const { promise } = this.#next.written;
    if (!this.#writing) void this.#write();
    return promise;
  }

  async #write(): Promise<void> {
    this.#writing = true;
    for (let batch = this.#next; batch !== null; batch = this.#next) {
      this.#next = null;
      try {
        await this.#outbox.markPublished(batch.events);
        batch.written.resolve();
      } catch (error) {
        batch.written.reject(error);
      }
    }
    this.#writing = false;
  }
}
