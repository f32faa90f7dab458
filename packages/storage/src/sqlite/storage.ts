import { resolve } from 'node:path';
import { SimfleetError } from '@simfleet/contracts';
import { checkDeclaration } from '../documents/declaration.ts';
import type { Storage } from '../storage.ts';
import { SqliteCollection } from './collection.ts';
import { SqliteLog } from './log.ts';
import { CommitListeners, SqliteOutbox } from './outbox.ts';
import { Reader } from './reader.ts';
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
 * Opens a store in one file. Throws `data-directory-held` when another process has its directory, `invalid-configuration` when the
 * file's schema is newer than this code, `storage-full` and `unavailable` when the disk does not take it.
 */
export const openSqliteStorage = async ({ file }: SqliteOptions): Promise<SqliteStorage> => {
  const path = resolve(file);
  const listeners = new CommitListeners();
  const writer = await startWriter({ file: path }, () => listeners.tell());
  const reader = new Reader(path);
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
    dump: () => {
      throw new SimfleetError('unavailable', 'Not there yet.');
    },
    load: async () => {
      throw new SimfleetError('unavailable', 'Not there yet.');
    },
    async check() {
      await writer.call({ kind: 'ping' });
      reader.get('SELECT 1');
    },
    async close() {
      // The reader first: the last connection to close, the writer's, folds the WAL back into the file.
      reader.close();
      await writer.close();
    },
  };
};
