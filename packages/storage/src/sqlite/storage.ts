import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { SimfleetError } from '@simfleet/contracts';
import { CommitListeners } from '../documents/commit-listeners.ts';
import { checkDeclaration } from '../documents/declaration.ts';
import type { Storage } from '../storage.ts';
import { SqliteCollection } from './collection.ts';
import { SqliteLog } from './log.ts';
import { loadInto } from './load.ts';
import { SqliteOutbox } from './outbox.ts';
import { Reader } from './reader.ts';
import { Snapshots } from './snapshot.ts';
import { startWriter, type WriterCounts } from './writer/writer.ts';

export interface SqliteOptions {
  /** Path of the database; its directory is made, and held by this process alone until the store is closed. */
  readonly file: string;
}

export interface SqliteStorage extends Storage {
  /** Commits, each one fsync, and the calls they carried, since opening. */
  readonly counts: WriterCounts;
}

/**
 * Opens a store in one file. Throws `data-directory-held` when another process has its directory, `invalid-configuration` when the path is a
 * directory or the file's schema is newer than this code, `storage-full` and `unavailable` when the disk does not take it.
 */
export const openSqliteStorage = async ({ file }: SqliteOptions): Promise<SqliteStorage> => {
  const path = resolve(file);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new SimfleetError('invalid-configuration', `${path} is a directory: name the file of the database in it.`);
  }
  const listeners = new CommitListeners();
  const writer = await startWriter({ file: path }, () => listeners.tell());
  const reader = new Reader(path);
  const snapshots = new Snapshots(path);
  return {
    description: 'sqlite (WAL, synchronous=FULL)',
    shared: false,
    log: new SqliteLog(reader, writer),
    outbox: new SqliteOutbox(reader, writer, listeners),
    get counts() {
      return writer.counts;
    },
    async collection(declaration) {
      checkDeclaration(declaration);
      await writer.call({ kind: 'declare', declaration });
      return new SqliteCollection(declaration, reader, writer);
    },
    dump: () => snapshots.dump(),
    load: (records) => loadInto(writer, records),
    async check() {
      await writer.call({ kind: 'ping' });
      reader.get('SELECT 1');
    },
    async close() {
      // Readers first: the last connection to close, the writer's, folds the WAL back into the file.
      reader.close();
      snapshots.close();
      await writer.close();
    },
  };
};

/** A file to be dumped beside the platform that has it open, or without one. */
export type SqliteDump = Pick<Storage, 'description' | 'dump' | 'close'>;

/**
 * Opens a file for reading only, without the hold on its directory. Throws `not-found` when there is no such file; its dump throws
 * `invalid-configuration` when its schema is another than this code's, `storage-damaged` when it is no database.
 */
export const openSqliteDump = async ({ file }: SqliteOptions): Promise<SqliteDump> => {
  const path = resolve(file);
  if (!existsSync(path)) throw new SimfleetError('not-found', `There is no database at ${path}.`);
  const snapshots = new Snapshots(path);
  return {
    description: 'sqlite (read only)',
    dump: () => snapshots.dump(),
    close: async () => snapshots.close(),
  };
};
