import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { migrate } from '../../src/sqlite/schema.ts';
import { Statements } from '../../src/sqlite/statements.ts';
import type { Call } from '../../src/sqlite/writer/calls.ts';
import { Transactions } from '../../src/sqlite/writer/transaction.ts';

/** https://www.sqlite.org/pragma.html#pragma_temp_store */
const places: Readonly<Record<number, string>> = { 1: 'files', 2: 'memory' };

const declare = (sorts: readonly string[]): Call => ({
  kind: 'declare',
  declaration: { name: 'notes', fields: { title: { path: ['title'], type: 'text' } }, sorts },
});

test('what SQLite keeps for a while is in memory, but in files while an index is made', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db, ':memory:');
  const place = (): string | undefined => places[Number(db.prepare('PRAGMA temp_store').get()?.['temp_store'])];
  const seen: (string | undefined)[] = [];
  const exec = db.exec.bind(db);
  db.exec = (sql) => {
    if (sql.startsWith('CREATE INDEX')) seen.push(place());
    exec(sql);
  };
  const transactions = new Transactions(db, new Statements(db));
  assert.equal(place(), 'memory');
  assert.deepEqual(transactions.write([declare(['title'])]), [{ done: true }]);
  assert.deepEqual(new Set(seen), new Set(['files']));
  assert.equal(place(), 'memory');

  // A declaration that fails leaves it so too.
  const [reply] = transactions.write([declare(['no-such-field'])]);
  assert.equal(reply?.done, false);
  assert.equal(place(), 'memory');
  db.close();
});
