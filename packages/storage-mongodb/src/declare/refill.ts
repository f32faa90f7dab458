import type { CollectionDeclaration } from '@simfleet/storage';
import { keysAgain, type StoredKey } from '@simfleet/storage/documents';
import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { keysOf, shapeOf } from '../documents/rows.ts';
import type { Row } from '../layout.ts';
import { plainText } from '../ordered-text.ts';

/** Rows written at once. */
const batch = 500;

interface Refilled {
  readonly row: Row;
  readonly keys: readonly StoredKey[];
}

/** Rows whose keys were drawn out by another declaration, with their new keys. Throws `invalid-configuration` for one that does not fit. */
async function* staleRows(rows: Collection<Row>, declaration: CollectionDeclaration): AsyncGenerator<Refilled> {
  const stale = { shape: { $ne: shapeOf(declaration) }, doc: { $ne: null } };
  for await (const row of rows.find(stale, { projection: { v: 1, doc: 1 } })) {
    yield { row, keys: keysAgain(declaration, plainText(row._id), JSON.parse(row.doc ?? 'null')) };
  }
}

/** Throws `invalid-configuration` naming a stored document that does not fit the declaration, before anything is changed for it. */
export const checkRows = async (rows: Collection<Row>, declaration: CollectionDeclaration): Promise<void> => {
  for await (const _ of staleRows(rows, declaration));
};

/** Draws the keys out of stored documents again, until none is left: rows that are saved meanwhile are looked at once more. */
export const refillKeys = async (rows: Collection<Row>, declaration: CollectionDeclaration): Promise<void> => {
  const shape = shapeOf(declaration);
  const fields = Object.keys(declaration.fields);
  for (let met = true; met;) {
    met = false;
    let writes: AnyBulkWriteOperation<Row>[] = [];
    for await (const { row, keys } of staleRows(rows, declaration)) {
      met = true;
      const filter = { _id: row._id, ...(row.v === undefined ? {} : { v: row.v }) };
      writes.push({ updateOne: { filter, update: { $set: { keys: keysOf(fields, keys), shape } } } });
      if (writes.length < batch) continue;
      await rows.bulkWrite(writes, { ordered: false });
      writes = [];
    }
    if (writes.length > 0) await rows.bulkWrite(writes, { ordered: false });
  }
};
