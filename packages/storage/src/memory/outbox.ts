import type { SimfleetEvent } from '@simfleet/contracts';
import type { Outbox, PendingEvent } from '../collection.ts';
import { CommitListeners } from '../documents/commit-listeners.ts';
import type { EventToWrite } from '../documents/record.ts';

interface Held extends EventToWrite {
  readonly collection: string;
  readonly document: string;
}

const aggregateOf = ({ collection, document }: Pick<Held, 'collection' | 'document'>): string =>
  `${collection}/${document}`;

/** Events not yet published, in the order of their commits. */
export class MemoryOutbox implements Outbox {
  readonly #held = new Map<string, Held>();
  /** Events not yet out, by aggregate: a deleted one stays a tombstone while it has any. */
  readonly #open = new Map<string, number>();
  readonly #listeners = new CommitListeners();
  #next = 1;

  async pending(limit: number, except: readonly string[] = []): Promise<readonly PendingEvent[]> {
    const skip = new Set(except);
    const found: PendingEvent[] = [];
    for (const [key, { source, text }] of this.#held) {
      if (found.length >= limit) break;
      if (!skip.has(source)) found.push({ key, event: JSON.parse(text) as SimfleetEvent });
    }
    return found;
  }

  async markPublished(events: readonly PendingEvent[]): Promise<void> {
    for (const { key } of events) {
      const held = this.#held.get(key);
      if (held === undefined) continue;
      this.#held.delete(key);
      const aggregate = aggregateOf(held);
      const left = (this.#open.get(aggregate) ?? 1) - 1;
      if (left === 0) this.#open.delete(aggregate);
      else this.#open.set(aggregate, left);
    }
  }

  onCommit(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  holds(collection: string, id: string): boolean {
    return this.#open.has(aggregateOf({ collection, document: id }));
  }

  /** All of them, oldest first. */
  held(): readonly Held[] {
    return [...this.#held.values()];
  }

  add(collection: string, document: string, events: readonly EventToWrite[]): void {
    if (events.length === 0) return;
    const aggregate = aggregateOf({ collection, document });
    for (const event of events) {
      this.#held.set(String(this.#next), { ...event, collection, document });
      this.#next += 1;
    }
    this.#open.set(aggregate, (this.#open.get(aggregate) ?? 0) + events.length);
    queueMicrotask(() => this.#listeners.tell());
  }
}
