import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import type { CollectionDeclaration } from '@simfleet/storage';
import { pageSql } from '../../src/sqlite/question-sql.ts';
import { questionOf } from '../../src/documents/question.ts';
import { migrate } from '../../src/sqlite/schema.ts';
import { temporaryDirectories } from './directories.ts';

const makeDirectory = temporaryDirectories();
const text = { path: ['title'], type: 'text' } as const;
interface Page {
  readonly customer: string;
  readonly title: string;
  readonly size?: string | number;
}

test('a second opener is refused, told the directory and the process that holds it, until that one closes', async () => {
  const directory = await makeDirectory();
  const file = join(directory, 'store.db');
  const first = await openSqliteStorage({ file });
  const message = new RegExp(`process ${process.pid} holds the data directory ${directory}`);
  await assert.rejects(openSqliteStorage({ file }), { code: 'data-directory-held', message });
  await assert.rejects(openSqliteStorage({ file: join(directory, 'other.db') }), { code: 'data-directory-held' });
  await first.check();
  await first.close();
  await (await openSqliteStorage({ file })).close();
});

test('a directory is refused where a file is asked for, and stays free', async () => {
  const directory = await makeDirectory();
  const message = /is a directory: name the file/;
  await assert.rejects(openSqliteStorage({ file: directory }), { code: 'invalid-configuration', message });
  await (await openSqliteStorage({ file: join(directory, 'store.db') })).close();
});

test('the hold of a process that was killed is gone with it', async () => {
  const directory = await makeDirectory();
  const file = join(directory, 'store.db');
  const program = `import { openSqliteStorage } from '@simfleet/storage/sqlite';
    await openSqliteStorage({ file: ${JSON.stringify(file)} });
    console.log('open');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await Promise.race([ended, new Promise((resolve) => child.stdout.once('data', resolve))]);
  const message = new RegExp(`process ${String(child.pid)} holds`);
  await assert.rejects(openSqliteStorage({ file }), { code: 'data-directory-held', message });
  child.kill('SIGKILL');
  await ended;
  assert.equal(
    (await readFile(join(directory, 'lock.pid'), 'utf8')).trim(),
    String(child.pid),
    'only its name tag is left',
  );
  await (await openSqliteStorage({ file })).close();
});

test('a file that is no database, or a damaged one, is named as such and left as it is', async () => {
  const directory = await makeDirectory();
  const file = join(directory, 'store.db');
  for (const make of [
    () => 'no database, but long enough to be read as the header of one: '.repeat(80),
    () => damagedDatabase(file),
  ]) {
    const bytes = make();
    await writeFile(file, bytes);
    await assert.rejects(openSqliteStorage({ file }), { code: 'storage-damaged' });
    assert.ok((await readFile(file)).equals(Buffer.from(bytes)));
  }
});

/** A database whose table of tables is overwritten; the file itself is removed again. */
const damagedDatabase = (file: string): Buffer => {
  rmSync(file, { force: true });
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE something (id TEXT PRIMARY KEY) STRICT');
  database.close();
  const bytes = readFileSync(file);
  rmSync(file);
  return bytes.fill(0xff, 100, 2000);
};

test('a schema newer than this code is refused and left as it is', async () => {
  const file = join(await makeDirectory(), 'store.db');
  await (await openSqliteStorage({ file })).close();
  const raw = new DatabaseSync(file);
  raw.exec('PRAGMA user_version = 999');
  raw.close();
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await assert.rejects(openSqliteStorage({ file }), { code: 'invalid-configuration', message: /schema version 999/ });
  }
});

test('migrations run once and in order, and a failing one leaves the schema it found', () => {
  const db = new DatabaseSync(':memory:');
  const steps = ['CREATE TABLE a (x)', 'INSERT INTO a VALUES (1)'];
  migrate(db, 'x', steps.slice(0, 1));
  migrate(db, 'x', steps);
  migrate(db, 'x', steps);
  const rows = (): unknown => db.prepare('SELECT x FROM a').all().length;
  assert.equal(rows(), 1);
  assert.throws(() => migrate(db, 'x', [...steps, 'INSERT INTO a VALUES (2); CREATE TABLE a (x)']));
  assert.equal(rows(), 1);
  assert.equal(db.prepare('PRAGMA user_version').get()?.['user_version'], 2);
});

test('a changed declaration draws its keys out of the documents that are there', async () => {
  const file = join(await makeDirectory(), 'store.db');
  const before: CollectionDeclaration = { name: 'pages', fields: { title: text }, sorts: ['title'] };
  const first = await openSqliteStorage({ file });
  const pages = await first.collection<Page>(before);
  await pages.insert('a', { customer: 'acme', title: 'x', size: '10' });
  await pages.insert('b', { customer: 'acme', title: 'y', size: '9' });
  await first.close();

  const second = await openSqliteStorage({ file });
  const size = { path: ['size'], type: 'integer64' } as const;
  const resized = await second.collection<Page>({ name: 'pages', fields: { size }, sorts: ['size'] });
  const found = await resized.query({ sort: { field: 'size', direction: 'ascending' }, limit: 10 });
  assert.deepEqual(
    found.rows.map(({ id }) => id),
    ['b', 'a'],
  );
  await resized.save('a', 1, { customer: 'acme', title: 'x', size: '8' });
  const wrong = { name: 'pages', fields: { size: { path: ['size'], type: 'number' } }, sorts: [] } as const;
  await assert.rejects(second.collection(wrong), { code: 'invalid-configuration', message: /pages "a" .*\/size/ });
  await second.check();
  await second.close();
});

test('a page is sought in an index, at any depth, whatever the key it starts from', async () => {
  const file = join(await makeDirectory(), 'store.db');
  const fields = { customer: { path: ['customer'], type: 'text' }, title: text } as const;
  const declaration: CollectionDeclaration = { name: 'pages', fields, sorts: ['title'] };
  const storage = await openSqliteStorage({ file });
  await storage.collection(declaration);
  await storage.close();
  const db = new DatabaseSync(file, { readOnly: true });
  for (const customer of [undefined, 'acme']) {
    for (const key of [null, 'x']) {
      for (const direction of ['ascending', 'descending'] as const) {
        const filter =
          customer === undefined ? {} : { filter: { op: 'eq', field: 'customer', value: customer } as const };
        const query = { ...filter, sort: { field: 'title', direction }, limit: 10, after: { key, id: 'i' } };
        for (const sql of pageSql('pages', questionOf(declaration, query))) {
          const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql.text}`).all(...sql.parameters, 10);
          const steps = plan.map((row) => String(row['detail'])).join('; ');
          assert.doesNotMatch(steps, /SCAN|TEMP B-TREE/, sql.text);
          assert.match(steps, /^SEARCH "?c_pages"? USING INDEX/, `${sql.text}: ${steps}`);
        }
      }
    }
  }
  db.close();
});

test('callers at once share their commits', async () => {
  const storage = await openSqliteStorage({ file: join(await makeDirectory(), 'store.db') });
  const before = storage.counts;
  const append = (caller: number): Promise<unknown> =>
    storage.log.append(`s${caller % 3}`, [{ key: `${caller}`, data: 1 }]);
  await Promise.all(Array.from({ length: 64 }, (_, caller) => append(caller)));
  const { commits, calls } = storage.counts;
  assert.equal(calls - before.calls, 64);
  assert.ok(commits - before.commits <= 8, `${commits - before.commits} commits`);
  await storage.close();
});

test('a call that fails leaves those of its commit alone', async () => {
  const storage = await openSqliteStorage({ file: join(await makeDirectory(), 'store.db') });
  const good = { key: 'a', data: 1 };
  const results = await Promise.allSettled([
    storage.log.append('s', [good]),
    storage.log.append('s', [
      { key: 'b', data: 1 },
      { key: 'a', data: 2 },
    ]),
    storage.log.append('s', [{ key: 'c', data: 1 }]),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(
    (await storage.log.read('s', 0, 9)).map(({ position, key }) => `${position}${key}`),
    ['1a', '2c'],
  );
  await storage.close();
});
