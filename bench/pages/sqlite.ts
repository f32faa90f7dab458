import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { questionOf } from '@simfleet/storage/documents';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { pageSql } from '../../packages/storage/src/sqlite/question-sql.ts';
import { idOf, pageAfter, pageSize, rows, sorted, timeOf, unsorted, type Listed } from './data.ts';
import type { Examined, Pages } from './measure.ts';

const fillFile = (file: string): void => {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN');
  const insert = db.prepare('INSERT INTO "c_listed" (id, version, doc, "f_createdAt") VALUES (?, 1, ?, ?)');
  for (let index = 0; index < rows; index += 1) {
    const time = timeOf(index);
    const doc: Listed = { customer: 'acme', createdAt: new Date(time).toISOString() };
    insert.run(idOf(index), JSON.stringify(doc), time);
  }
  db.exec('COMMIT');
  db.close();
};

/**
 * SQLite does not tell how many rows a statement looked at, so they are counted: a function that is always true is put into the condition. Of a column
 * of the index it is called for every entry that the index leads to; of another one, for every row that is read.
 */
const countExamined = (db: DatabaseSync, index: number): Omit<Examined, 'how'> => {
  const question = questionOf(sorted, pageAfter(index));
  const count = (column: 'id' | 'version'): number => {
    let seen = 0;
    db.function(`looked_at_${column}`, (value) => {
      seen += 1;
      return value === null ? 0 : 1;
    });
    let left = pageSize + 1;
    for (const { text, parameters } of pageSql(sorted.name, question)) {
      if (left === 0) break;
      const counting = text.replace('WHERE ', `WHERE looked_at_${column}(${column}) AND `);
      left -= db.prepare(counting).all(...parameters, left, 0).length;
    }
    return seen;
  };
  const plans = pageSql(sorted.name, question).flatMap(({ text, parameters }) =>
    db.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...parameters, pageSize + 1, 0),
  );
  // The entry that the page starts from is met and left out: SQLite seeks by `>=` where it compares several columns at once.
  const entries = `${count('id')} entries of the index`;
  return { rows: count('version'), plan: [entries, ...plans.map((step) => String(step['detail']))].join(', ') };
};

export const sqlitePages = async (): Promise<Pages> => {
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-bench-'));
  const file = join(directory, 'store.db');
  const first = await openSqliteStorage({ file });
  await first.collection<Listed>(unsorted);
  await first.close();
  fillFile(file);
  const storage = await openSqliteStorage({ file });
  const listed = await storage.collection<Listed>(sorted);
  const db = new DatabaseSync(file, { readOnly: true });
  const byNumber = db.prepare(
    'SELECT id, version, doc, "f_createdAt" AS key FROM "c_listed" WHERE doc IS NOT NULL ORDER BY "f_createdAt", id LIMIT ? OFFSET ?',
  );
  return {
    title: storage.description.replace('sqlite', 'SQLite'),
    listed,
    byOffset: async (offset) =>
      byNumber
        .all(pageSize + 1, offset)
        .slice(0, pageSize)
        .map((row) => String(row['id'])),
    examined: async (index) => ({
      ...countExamined(db, index),
      how: 'rows read, counted by a function in the condition',
    }),
    async close() {
      db.close();
      await storage.close();
      rmSync(directory, { recursive: true });
    },
  };
};
