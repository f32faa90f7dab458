import type { DatabaseSync } from 'node:sqlite';
import { SimfleetError } from '@simfleet/contracts';

/**
 * Each step brings the schema from the version of its index to the next; never edit one that was released. Tables of collections are made
 * when the collections are declared.
 *
 * `entries.at` is stream · 2^32 + position: a stream is one contiguous range of the table's own tree, in order.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, last INTEGER NOT NULL) STRICT;
   CREATE TABLE entries (at INTEGER PRIMARY KEY, stream INTEGER NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL) STRICT;
   CREATE UNIQUE INDEX entries_key ON entries (stream, key);
   CREATE TABLE outbox (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     collection TEXT NOT NULL,
     document TEXT NOT NULL,
     source TEXT NOT NULL,
     event TEXT NOT NULL
   ) STRICT;
   CREATE INDEX outbox_document ON outbox (collection, document);
   CREATE TABLE collections (name TEXT PRIMARY KEY, declaration TEXT NOT NULL) STRICT;`,
];

const versionOf = (db: DatabaseSync): number => Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);

const tooNew = (file: string, version: number, known: number): SimfleetError =>
  new SimfleetError(
    'invalid-configuration',
    `${file} has schema version ${version}; this platform knows up to ${known}. Use the newer platform that wrote it.`,
  );

/** For who may only read. Throws `invalid-configuration` when the schema is not the newest. */
export const checkSchema = (db: DatabaseSync, file: string): void => {
  const [version, newest] = [versionOf(db), migrations.length];
  if (version > newest) throw tooNew(file, version, newest);
  if (version === newest) return;
  throw new SimfleetError(
    'invalid-configuration',
    `${file} has schema version ${version}, not ${newest}: start a platform on it, which brings it up to date.`,
  );
};

/** Brings the database to the newest schema, in one transaction. Throws `invalid-configuration` for a schema newer than this platform. */
export const migrate = (db: DatabaseSync, file: string, steps: readonly string[] = migrations): void => {
  const version = versionOf(db);
  if (version > steps.length) throw tooNew(file, version, steps.length);
  if (version === steps.length) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const step of steps.slice(version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${steps.length}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
};
