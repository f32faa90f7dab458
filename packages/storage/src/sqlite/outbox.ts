import type { SimfleetEvent } from '@simfleet/contracts';
import type { Outbox, PendingEvent } from '../collection.ts';
import type { CommitListeners } from '../documents/commit-listeners.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer/writer.ts';

/** Events in a table of their own, written in the transaction of their change. `seq` rises in the order of the commits. */
export class SqliteOutbox implements Outbox {
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #listeners: CommitListeners;

  constructor(reader: Reader, writer: Writer, listeners: CommitListeners) {
    this.#reader = reader;
    this.#writer = writer;
    this.#listeners = listeners;
  }

  async pending(limit: number, except: readonly string[] = []): Promise<readonly PendingEvent[]> {
    const rows = this.#reader.all(
      `SELECT seq, event FROM outbox WHERE source NOT IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?`,
      JSON.stringify(except),
      limit,
    );
    return rows.map(({ seq, event }) => ({ key: String(seq), event: JSON.parse(String(event)) as SimfleetEvent }));
  }

  async markPublished(events: readonly PendingEvent[]): Promise<void> {
    if (events.length > 0) await this.#writer.call({ kind: 'mark', keys: events.map(({ key }) => key) });
  }

  onCommit(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }
}
