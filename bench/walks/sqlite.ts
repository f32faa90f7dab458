import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { idOf, rowOf, rows, sorted, unsorted, type Row } from './data.ts';
import type { Walked } from './walked.ts';

/** The declaration with the sort draws the keys out of the documents. */
const fillFile = (file: string): void => {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN');
  const insert = db.prepare('INSERT INTO "c_walked" (id, version, doc) VALUES (?, 1, ?)');
  for (let index = 0; index < rows; index += 1) insert.run(idOf(index), JSON.stringify(rowOf(index)));
  db.exec('COMMIT');
  db.close();
};

export const sqliteWalked = async (): Promise<Walked> => {
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-bench-'));
  const file = join(directory, 'store.db');
  const first = await openSqliteStorage({ file });
  await first.collection<Row>(unsorted);
  await first.close();
  fillFile(file);
  const storage = await openSqliteStorage({ file });
  return {
    title: storage.description.replace('sqlite', 'SQLite'),
    listed: await storage.collection<Row>(sorted),
    mirror: null,
    peer: null,
    async close() {
      await storage.close();
      rmSync(directory, { recursive: true });
    },
  };
};
