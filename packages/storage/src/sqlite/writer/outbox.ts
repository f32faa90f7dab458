import type { EventToWrite } from '../../documents/record.ts';
import type { Statements } from '../statements.ts';
import { tableOf } from '../tables.ts';

interface Carrier {
  readonly collection: string;
  readonly id: string;
  readonly events: readonly EventToWrite[];
}

export const addEvents = (statements: Statements, { collection, id, events }: Carrier): void => {
  for (const { source, text } of events) {
    statements
      .get('INSERT INTO outbox (collection, document, source, event) VALUES (?, ?, ?, ?)')
      .run(collection, id, source, text);
  }
};

export const hasEvents = (statements: Statements, collection: string, id: string): boolean =>
  statements.get('SELECT 1 FROM outbox WHERE collection = ? AND document = ? LIMIT 1').get(collection, id) !==
  undefined;

/** Removes events that are out, and each tombstone with its last one. */
export const markEvents = (statements: Statements, keys: readonly string[]): void => {
  for (const key of keys) {
    const row = statements.get('DELETE FROM outbox WHERE seq = ? RETURNING collection, document').get(BigInt(key));
    if (row === undefined) continue;
    const collection = String(row['collection']);
    const id = String(row['document']);
    if (hasEvents(statements, collection, id)) continue;
    statements.get(`DELETE FROM ${tableOf(collection)} WHERE id = ? AND doc IS NULL`).run(id);
  }
};
