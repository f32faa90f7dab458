import type { DatabaseSync } from 'node:sqlite';
import { SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration } from '../../collection.ts';
import { keysAgain } from '../../documents/record.ts';
import { columnOf, indexOf, labelsTableOf, narrowIndexOf, tableOf } from '../tables.ts';

const createTables = (db: DatabaseSync, name: string): void => {
  db.exec(`
    CREATE TABLE IF NOT EXISTS ${tableOf(name)} (
      id TEXT PRIMARY KEY, version INTEGER NOT NULL, doc TEXT, labels TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS ${labelsTableOf(name)} (
      key TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (key, value, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS "i_${name}_labels" ON ${labelsTableOf(name)} (id);`);
};

const names = (db: DatabaseSync, sql: string): readonly string[] =>
  db
    .prepare(sql)
    .all()
    .map((row) => String(row['name']));

/** Drops every index and key column that the declaration does not have as it is, and adds those that are missing. */
const shapeColumns = (db: DatabaseSync, { name, fields }: CollectionDeclaration): void => {
  const table = tableOf(name);
  const indexes = names(db, `SELECT name FROM pragma_index_list(${table.replaceAll('"', "'")}) WHERE origin = 'c'`);
  for (const index of indexes) db.exec(`DROP INDEX "${index}"`);
  const wanted = new Set(Object.keys(fields).map(columnOf));
  const present = names(
    db,
    `SELECT name FROM pragma_table_info(${table.replaceAll('"', "'")}) WHERE name LIKE 'f\\_%' ESCAPE '\\'`,
  );
  for (const column of present) if (!wanted.has(`"${column}"`)) db.exec(`ALTER TABLE ${table} DROP COLUMN "${column}"`);
  for (const column of wanted) {
    if (!present.includes(column.slice(1, -1))) db.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ANY`);
  }
};

/** Draws the keys out of every stored document again. */
const refillKeys = (db: DatabaseSync, declaration: CollectionDeclaration): void => {
  const { name, fields } = declaration;
  const declared = Object.keys(fields);
  if (declared.length === 0) return;
  const table = tableOf(name);
  const next = db.prepare(
    `SELECT rowid AS at, id, doc FROM ${table} WHERE rowid > ? AND doc IS NOT NULL ORDER BY rowid LIMIT 1`,
  );
  const set = declared.map((field) => `${columnOf(field)} = ?`).join(', ');
  const update = db.prepare(`UPDATE ${table} SET ${set} WHERE rowid = ?`);
  for (let row = next.get(0); row !== undefined; row = next.get(Number(row['at']))) {
    const doc: unknown = JSON.parse(String(row['doc']));
    update.run(...keysAgain(declaration, String(row['id']), doc), Number(row['at']));
  }
};

interface Index {
  /** The sort that needs it. */
  readonly sort: string;
  readonly name: string;
  readonly sql: string;
}

/** One index per sort; lists are mostly asked for per customer, so a declared `customer` leads a second one. Then those asked for. */
const indexesOf = ({ name, fields, sorts, indexes = [] }: CollectionDeclaration): readonly Index[] => {
  const index = (sort: string, called: string, keys: readonly string[]): Index => ({
    sort,
    name: called.slice(1, -1),
    sql: `CREATE INDEX ${called} ON ${tableOf(name)} (${[...keys.map(columnOf), 'id'].join(', ')})`,
  });
  const perCustomer = sorts.filter((sort) => Object.hasOwn(fields, 'customer') && sort !== 'customer');
  return [
    ...sorts.map((sort) => index(sort, indexOf(name, sort, ''), [sort])),
    ...perCustomer.map((sort) => index(sort, indexOf(name, sort, 'customer_'), ['customer', sort])),
    ...indexes.map(({ equal, sort }) => index(sort, narrowIndexOf(name, equal, sort), [...equal, sort])),
  ];
};

/** Throws `invalid-configuration` when an index was taken away or changed behind the store's back. */
const checkIndexes = (db: DatabaseSync, declaration: CollectionDeclaration): void => {
  const find = db.prepare(`SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?`);
  for (const { sort, name, sql } of indexesOf(declaration)) {
    if (find.get(name)?.['sql'] === sql) continue;
    throw new SimfleetError(
      'invalid-configuration',
      `Collection "${declaration.name}" cannot be sorted by "${sort}": an index is missing or not as it was made. ` +
        `To mend it, run: DROP INDEX IF EXISTS "${name}"; ${sql};`,
    );
  }
};

/**
 * Makes the tables fit the declaration; when the stored one is the same, only looks whether the indexes are there. Throws `invalid-configuration`
 * when one is not, or when a document does not fit.
 */
export const declareCollection = (db: DatabaseSync, declaration: CollectionDeclaration): void => {
  const { name } = declaration;
  const text = JSON.stringify(declaration);
  const stored = db.prepare('SELECT declaration FROM collections WHERE name = ?').get(name);
  if (stored?.['declaration'] === text) return checkIndexes(db, declaration);
  createTables(db, name);
  shapeColumns(db, declaration);
  refillKeys(db, declaration);
  for (const { sql } of indexesOf(declaration)) db.exec(sql);
  db.prepare('INSERT OR REPLACE INTO collections (name, declaration) VALUES (?, ?)').run(name, text);
};
