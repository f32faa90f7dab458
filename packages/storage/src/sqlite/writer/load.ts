import type { DatabaseSync } from 'node:sqlite';
import { keyTwice, notEmpty, type ItemToLoad } from '../../documents/dump-to-load.ts';
import type { Statements } from '../statements.ts';
import { tableOf } from '../tables.ts';
import { declareCollection } from './declare.ts';
import { buryUnknown, collectionSql, loadDocument, type CollectionSql } from './documents.ts';
import { createLoadedStream, loadEntry } from './log.ts';
import { addEvents } from './outbox.ts';

/** A dump on its way into the database: one transaction, so that a death or a full disk on the way leaves nothing of it. */
export interface Loading {
  /** Collections that the dump declared, to be known to other calls once it is committed. */
  readonly collections: ReadonlyMap<string, CollectionSql>;
  add(item: ItemToLoad): void;
  /** Returns once everything is durable. */
  commit(): void;
}

const isEmpty = (db: DatabaseSync): boolean => {
  const tables = db.prepare('SELECT name FROM collections').all();
  const filled = ['streams', 'outbox', ...tables.map(({ name }) => tableOf(String(name)))];
  return filled.every((table) => db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined);
};

/** Throws `already-exists` when the database is not empty. */
export const beginLoading = (db: DatabaseSync, statements: Statements): Loading => {
  db.exec('BEGIN IMMEDIATE');
  if (!isEmpty(db)) {
    db.exec('ROLLBACK');
    throw notEmpty();
  }
  const collections = new Map<string, CollectionSql>();
  const sqlOf = (collection: string): CollectionSql => collections.get(collection) ?? collectionSql(collection, []);
  /** Number of the stream whose entries come next. */
  let stream = 0;
  return {
    collections,
    add(item) {
      switch (item.kind) {
        case 'collection':
          declareCollection(db, item.declaration);
          collections.set(
            item.declaration.name,
            collectionSql(item.declaration.name, Object.keys(item.declaration.fields)),
          );
          break;
        case 'document':
          loadDocument(statements, sqlOf(item.collection), item);
          break;
        case 'event':
          buryUnknown(statements, sqlOf(item.collection), item.document, item.version);
          addEvents(statements, { collection: item.collection, id: item.document, events: [item.event] });
          break;
        case 'stream':
          stream = createLoadedStream(statements, item);
          break;
        case 'entry':
          if (!loadEntry(statements, stream, item)) throw keyTwice(item.stream, item.entry.key);
      }
    },
    commit: () => db.exec('COMMIT'),
  };
};
