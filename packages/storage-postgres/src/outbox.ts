import type { SimfleetEvent } from '@simfleet/contracts';
import type { Outbox, PendingEvent } from '@simfleet/storage';
import type { CommitListeners } from '@simfleet/storage/documents';
import type { Connections } from './connections.ts';

const pending = {
  name: 'outbox.pending',
  text: 'SELECT seq, event FROM simfleet.outbox WHERE source <> ALL ($2::text[]) ORDER BY seq LIMIT $1',
};

/** Locked in order: two relays that mark the same events must not wait for each other in a circle. */
const mark = {
  name: 'outbox.mark',
  text: `DELETE FROM simfleet.outbox WHERE seq IN
         (SELECT seq FROM simfleet.outbox WHERE seq = ANY ($1::int8[]) ORDER BY seq FOR UPDATE)`,
};

/** Events in a table of their own, written in the statement of their change. */
export class PostgresOutbox implements Outbox {
  readonly #connections: Connections;
  readonly #listeners: CommitListeners;

  constructor(connections: Connections, listeners: CommitListeners) {
    this.#connections = connections;
    this.#listeners = listeners;
  }

  async pending(limit: number, except: readonly string[] = []): Promise<readonly PendingEvent[]> {
    const { rows } = await this.#connections.run(pending, [limit, except]);
    return rows.map(({ seq, event }) => ({ key: String(seq), event: JSON.parse(String(event)) as SimfleetEvent }));
  }

  async markPublished(events: readonly PendingEvent[]): Promise<void> {
    if (events.length > 0) await this.#connections.run(mark, [events.map(({ key }) => key)]);
  }

  onCommit(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }
}
