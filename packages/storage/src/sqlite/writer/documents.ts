import { SimfleetError } from '@simfleet/contracts';
import type { ItemToLoad } from '../../documents/dump-to-load.ts';
import type { RecordToWrite } from '../../documents/record.ts';
import type { Statements } from '../statements.ts';
import { columnOf, labelsTableOf, tableOf } from '../tables.ts';
import type { DeleteCall, InsertCall, SaveCall } from './calls.ts';
import { addEvents, hasEvents } from './outbox.ts';

/** Statements of one collection, made once per declaration. A row whose `doc` is null is a tombstone. */
export interface CollectionSql {
  readonly find: string;
  readonly insert: string;
  readonly save: string;
  readonly bury: string;
  readonly buryUnknown: string;
  readonly remove: string;
  readonly addLabel: string;
  readonly dropLabels: string;
}

export const collectionSql = (name: string, fields: readonly string[]): CollectionSql => {
  const columns = fields.map(columnOf);
  const table = tableOf(name);
  return {
    find: `SELECT version, doc IS NULL AS dead, labels FROM ${table} WHERE id = ?`,
    insert: `INSERT INTO ${table} (${['id', 'version', 'doc', 'labels', ...columns].join(', ')})
             VALUES (?, ?, ?, ?${', ?'.repeat(columns.length)})`,
    save: `UPDATE ${table} SET ${['version', 'doc', 'labels', ...columns].map((column) => `${column} = ?`).join(', ')}
           WHERE id = ?`,
    bury: `UPDATE ${table} SET ${['doc', 'labels', ...columns].map((column) => `${column} = NULL`).join(', ')} WHERE id = ?`,
    buryUnknown: `INSERT INTO ${table} (id, version) VALUES (?, ?)
                  ON CONFLICT (id) DO UPDATE SET version = max(version, excluded.version) WHERE doc IS NULL`,
    remove: `DELETE FROM ${table} WHERE id = ?`,
    addLabel: `INSERT INTO ${labelsTableOf(name)} (key, value, id) VALUES (?, ?, ?)`,
    dropLabels: `DELETE FROM ${labelsTableOf(name)} WHERE id = ?`,
  };
};

const labelText = ({ labels }: RecordToWrite): string | null => (labels.length === 0 ? null : JSON.stringify(labels));

const addLabels = (statements: Statements, sql: CollectionSql, id: string, { labels }: RecordToWrite): void => {
  for (const [key, value] of labels) statements.get(sql.addLabel).run(key, value, id);
};

export const insertDocument = (statements: Statements, sql: CollectionSql, call: InsertCall): void => {
  const { collection, id, record } = call;
  if (statements.get(sql.find).get(id) !== undefined) {
    throw new SimfleetError('already-exists', `${collection} has "${id}" already.`);
  }
  statements.get(sql.insert).run(id, 1, record.text, labelText(record), ...record.keys);
  addLabels(statements, sql, id, record);
  addEvents(statements, call);
};

type LoadedDocument = Extract<ItemToLoad, { readonly kind: 'document' }>;

export const loadDocument = (statements: Statements, sql: CollectionSql, item: LoadedDocument): void => {
  const { id, version, record } = item;
  statements.get(sql.insert).run(id, version, record.text, labelText(record), ...record.keys);
  addLabels(statements, sql, id, record);
};

/** Makes a tombstone for an id that no document has; a tombstone that is there goes up to the version. */
export const buryUnknown = (statements: Statements, sql: CollectionSql, id: string, version: number): void => {
  statements.get(sql.buryUnknown).run(id, version);
};

/** The labels as stored. Throws `not-found` and `version-conflict`. */
const checkVersion = (statements: Statements, sql: CollectionSql, call: SaveCall | DeleteCall): string | null => {
  const row = statements.get(sql.find).get(call.id);
  if (row === undefined || row['dead'] === 1) {
    throw new SimfleetError('not-found', `${call.collection} has no "${call.id}".`);
  }
  if (row['version'] === call.expected) return typeof row['labels'] === 'string' ? row['labels'] : null;
  throw new SimfleetError(
    'version-conflict',
    `${call.collection} "${call.id}" is at version ${String(row['version'])}, not ${call.expected}.`,
  );
};

export const saveDocument = (statements: Statements, sql: CollectionSql, call: SaveCall): void => {
  const { id, expected, record } = call;
  const before = checkVersion(statements, sql, call);
  const after = labelText(record);
  statements.get(sql.save).run(expected + 1, record.text, after, ...record.keys, id);
  if (before !== after) {
    statements.get(sql.dropLabels).run(id);
    addLabels(statements, sql, id, record);
  }
  addEvents(statements, call);
};

export const deleteDocument = (statements: Statements, sql: CollectionSql, call: DeleteCall): void => {
  const { collection, id } = call;
  if (checkVersion(statements, sql, call) !== null) statements.get(sql.dropLabels).run(id);
  addEvents(statements, call);
  statements.get(hasEvents(statements, collection, id) ? sql.bury : sql.remove).run(id);
};
