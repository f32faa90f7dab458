import type { Statement } from './connections.ts';
import { literal, tableOf } from './names.ts';

/** The statements of one collection, each prepared under a name of its own. Those that tell write events in the same statement. */
export interface CollectionStatements {
  /** $1 id */
  readonly find: Statement;
  /** $1 id, $2 document */
  readonly insert: Statement;
  /** $3 sources, $4 events */
  readonly insertTelling: Statement;
  /** $1 id, $2 expected version, $3 document */
  readonly save: Statement;
  /** $4 sources, $5 events */
  readonly saveTelling: Statement;
  /** $1 id, $2 expected version */
  readonly remove: Statement;
  /** $3 sources, $4 events */
  readonly removeTelling: Statement;
}

/**
 * The number of rows affected tells whether the document was written: without events it is the document's row, with events it is theirs, of which
 * there are none when `written` has none. `seq` is drawn after the document's row is locked, so events of one document have the order of its versions.
 */
export const collectionStatements = (collection: string): CollectionStatements => {
  const table = tableOf(collection);
  const name = literal(collection);
  const named = (what: string, text: string): Statement => ({ name: `${collection}.${what}`, text });
  const telling = (write: string, first: number): string => `WITH written AS (${write})
    INSERT INTO simfleet.outbox (collection, document, source, event)
    SELECT ${name}, written.id, told.source, told.event
    FROM written, unnest($${first}::text[], $${first + 1}::text[]) WITH ORDINALITY AS told (source, event, n) ORDER BY told.n`;
  const insert = `INSERT INTO ${table} (id, version, doc) VALUES ($1, 1, $2)
    ON CONFLICT (id) DO NOTHING RETURNING id, simfleet.refuse_taken(${name}, id)`;
  const save = `UPDATE ${table} SET version = version + 1, doc = $3 WHERE id = $1 AND version = $2`;
  const remove = `DELETE FROM ${table} WHERE id = $1 AND version = $2`;
  return {
    find: named('find', `SELECT version, doc FROM ${table} WHERE id = $1`),
    insert: named('insert', insert),
    insertTelling: named('insert+', telling(insert, 3)),
    save: named('save', save),
    saveTelling: named('save+', telling(`${save} RETURNING id`, 4)),
    remove: named('remove', remove),
    removeTelling: named('remove+', telling(`${remove} RETURNING id`, 3)),
  };
};
