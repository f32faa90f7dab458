import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { collectionSql } from '../../packages/storage/src/sqlite/writer/documents.ts';
import { callers, type Bench, type Side } from './compare.ts';
import { declaration, job, timeKey, type Job } from './sample.ts';

/** Callers at once, and so calls in a group commit and in a transaction of the raw side. */
const together = 64;
const documents = 1024;
const counts = { get: 20_000, write: 6400 };

const keysOf = (doc: Job): SQLInputValue[] => [doc.customer, doc.name, doc.state, timeKey];
const labelsOf = (doc: Job): string => JSON.stringify(Object.entries(doc.labels));

/** The same database driven by hand: the statements of the store, in transactions as large as its own. */
const openRaw = (file: string) => {
  const db = new DatabaseSync(file, { timeout: 5000 });
  for (const pragma of [
    'journal_mode = WAL',
    'synchronous = FULL',
    'cache_size = -32768',
    'wal_autocheckpoint = 4000',
    'temp_store = MEMORY',
  ])
    db.exec(`PRAGMA ${pragma}`);
  const reader = new DatabaseSync(file, { readOnly: true });
  const sql = collectionSql(declaration.name, Object.keys(declaration.fields));
  const statement = (text: string): StatementSync => db.prepare(text);
  const find = reader.prepare(`SELECT id, version, doc FROM "c_jobs" WHERE id = ? AND doc IS NOT NULL`);
  const [begin, commit] = [statement('BEGIN IMMEDIATE'), statement('COMMIT')];
  const [savepoint, release] = [statement('SAVEPOINT one'), statement('RELEASE one')];
  const [look, insert, save, addLabel] = [sql.find, sql.insert, sql.save, sql.addLabel].map(statement) as [
    StatementSync,
    StatementSync,
    StatementSync,
    StatementSync,
  ];
  const put = (id: string, doc: Job): void => {
    insert.run(id, 1, JSON.stringify(doc), labelsOf(doc), ...keysOf(doc));
    for (const [key, value] of Object.entries(doc.labels)) addLabel.run(key, value, id);
  };
  const change = (id: string, expected: number, doc: Job): void => {
    save.run(expected + 1, JSON.stringify(doc), labelsOf(doc), ...keysOf(doc), id);
  };
  /** Each write in a savepoint, after a look at its row: one that fails must not harm the others. */
  const guarded =
    (write: (index: number) => void, id: (index: number) => string, isThere: boolean) => (index: number) => {
      savepoint.run();
      if ((look.get(id(index)) !== undefined) !== isThere) throw new Error('a row is there that should not be');
      write(index);
      release.run();
    };
  const inBatches =
    (write: (index: number) => void): Side =>
    async (first, count) => {
      for (let start = first; start < first + count; start += together) {
        begin.run();
        for (let index = start; index < Math.min(first + count, start + together); index += 1) write(index);
        commit.run();
        // Others are served between two transactions, as they are by the store.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
  const get: Side = async (first, count) => {
    for (let index = first; index < first + count; index += 1) {
      const row = find.get(`job-${index % documents}`);
      if (row !== undefined) JSON.parse(String(row['doc']));
    }
  };
  const newId =
    (side: string) =>
    (index: number): string =>
      `${side}-new-${index}`;
  const oldId =
    (side: string) =>
    (index: number): string =>
      `${side}-${index % documents}`;
  const inserting = (side: string) => (index: number) => put(newId(side)(index), job(index));
  const saving = (side: string) => (index: number) =>
    change(oldId(side)(index), Math.floor(index / documents) + 1, job(index + 1));
  return {
    get,
    insert: inBatches(guarded(inserting('raw'), newId('raw'), false)),
    save: inBatches(guarded(saving('raw'), oldId('raw'), true)),
    leastInsert: inBatches(inserting('least')),
    leastSave: inBatches(saving('least')),
    close() {
      reader.close();
      db.close();
    },
  };
};

export const sqliteBench = async (): Promise<Bench> => {
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-bench-'));
  const open = async (place: string) => {
    const storage = await openSqliteStorage({ file: join(directory, place, 'store.db') });
    const jobs = await storage.collection<Job>(declaration);
    const sides = ['job', 'raw', 'least'];
    const fill = sides.flatMap((side) =>
      Array.from({ length: documents }, (_, index) => jobs.insert(`${side}-${index}`, job(index))),
    );
    await Promise.all(fill);
    return { storage, jobs };
  };
  await (await open('raw')).storage.close();
  const { storage, jobs } = await open('port');
  const raw = openRaw(join(directory, 'raw', 'store.db'));
  const before = storage.counts;
  return {
    title: `SQLite (${storage.description}; ${together} callers; raw = node:sqlite, same statements, ${together} writes a transaction)`,
    goal: 1.3,
    operations: [
      {
        name: 'get',
        count: counts.get,
        port: callers(1, (index) => jobs.get(`job-${index % documents}`)),
        raw: raw.get,
      },
      {
        name: 'insert',
        count: counts.write,
        port: callers(together, (index) => jobs.insert(`port-new-${index}`, job(index))),
        raw: raw.insert,
        beside: { name: 'without savepoints and looks', side: raw.leastInsert },
      },
      {
        name: 'compare-and-set',
        count: counts.write,
        port: callers(together, (index) =>
          jobs.save(`job-${index % documents}`, Math.floor(index / documents) + 1, job(index + 1)),
        ),
        raw: raw.save,
        beside: { name: 'without savepoints and looks', side: raw.leastSave },
      },
    ],
    remark: () => {
      const { commits, calls } = storage.counts;
      return `the store wrote ${((calls - before.calls) / (commits - before.commits)).toFixed(1)} calls a commit`;
    },
    async close() {
      raw.close();
      await storage.close();
      rmSync(directory, { recursive: true });
    },
  };
};
