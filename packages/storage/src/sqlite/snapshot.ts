import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { SimfleetError, type SimfleetEvent } from '@simfleet/contracts';
import type { CollectionDeclaration, Document, Json } from '../collection.ts';
import { inDumpOrder } from '../documents/dump-order.ts';
import type { DumpRecord } from '../dump.ts';
import { errorOf, faultOf } from './faults.ts';
import type { Row } from './reader.ts';
import { checkSchema } from './schema.ts';
import { tableOf } from './tables.ts';

/** Rows between two turns of the event loop: about a millisecond of reading. */
const rowsPerTurn = 128;

function* rowsOf(db: DatabaseSync, sql: string, ...parameters: readonly string[]): Generator<Row> {
  yield* db.prepare(sql).iterate(...parameters);
}

function* documentsOf(db: DatabaseSync, collection: string): Generator<DumpRecord> {
  const sql = `SELECT id, version, doc FROM ${tableOf(collection)} WHERE doc IS NOT NULL ORDER BY id`;
  for (const { id, version, doc } of rowsOf(db, sql)) {
    const stored = { id: String(id), version: Number(version), doc: JSON.parse(String(doc)) as Document };
    yield { kind: 'document', collection, ...stored };
  }
}

function* entriesOf(db: DatabaseSync, stream: string): Generator<DumpRecord> {
  const sql = `SELECT at & 4294967295 AS position, key, data FROM entries
    WHERE at BETWEEN (SELECT id << 32 FROM streams WHERE name = ?1) AND (SELECT (id << 32) + last FROM streams WHERE name = ?1)
    ORDER BY at`;
  for (const { position, key, data } of rowsOf(db, sql, stream)) {
    yield {
      kind: 'entry',
      stream,
      position: Number(position),
      key: String(key),
      data: JSON.parse(String(data)) as Json,
    };
  }
}

/** Everything in the database; SQLite's own order of text is that of the code points. */
function* recordsOf(db: DatabaseSync): Generator<DumpRecord> {
  const declared = Array.from(
    rowsOf(db, 'SELECT declaration FROM collections'),
    (row) => JSON.parse(String(row['declaration'])) as CollectionDeclaration,
  );
  for (const declaration of inDumpOrder(declared)) {
    yield { kind: 'collection', declaration };
    yield* documentsOf(db, declaration.name);
  }
  for (const { collection, document, event } of rowsOf(
    db,
    'SELECT collection, document, event FROM outbox ORDER BY seq',
  )) {
    yield {
      kind: 'event',
      collection: String(collection),
      document: String(document),
      event: JSON.parse(String(event)) as SimfleetEvent,
    };
  }
  for (const { name, last } of rowsOf(db, 'SELECT name, last FROM streams ORDER BY name')) {
    yield { kind: 'stream', name: String(name), last: Number(last) };
    yield* entriesOf(db, String(name));
  }
}

/**
 * Dumps of one file, each on a connection and in a read transaction of its own: it sees one state, and in WAL mode holds nobody up. What is
 * written meanwhile stays in the WAL until it ends.
 */
export class Snapshots {
  readonly #file: string;
  readonly #open = new Set<DatabaseSync>();
  #closed = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** Throws `unavailable` when `close` was called, meanwhile too. */
  async *dump(): AsyncGenerator<DumpRecord> {
    if (this.#closed) throw new SimfleetError('unavailable', 'The store is closed.');
    const db = new DatabaseSync(this.#file, { readOnly: true, timeout: 5000 });
    this.#open.add(db);
    try {
      db.exec('BEGIN');
      checkSchema(db, this.#file);
      let rows = 0;
      for (const record of recordsOf(db)) {
        yield record;
        rows += 1;
        if (rows % rowsPerTurn === 0) await turn();
      }
    } catch (error) {
      throw errorOf(faultOf(error));
    } finally {
      this.#end(db);
    }
  }

  close(): void {
    this.#closed = true;
    for (const db of this.#open) this.#end(db);
  }

  #end(db: DatabaseSync): void {
    this.#open.delete(db);
    if (db.isOpen) db.close();
  }
}
