import { SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration } from '@simfleet/storage';
import type { Db } from 'mongodb';
import { declaredOf, rowsOf, stateOf } from '../layout.ts';
import { withLock } from '../lock.ts';
import { checkIndexes, createIndexes, dropStaleIndexes } from './indexes.ts';
import { checkRows, refillKeys } from './refill.ts';

const isReady = async (db: Db, { name }: CollectionDeclaration, text: string): Promise<boolean> => {
  const stored = await declaredOf(db).findOne({ _id: name });
  return stored?.ready === true && stored.declaration === text;
};

/**
 * Makes documents and indexes fit the declaration, under a lock. It is noted as unfinished before the first change and as done after the
 * last, so that a death in between is made good by whoever declares the collection next, with this declaration or another.
 */
const change = async (db: Db, declaration: CollectionDeclaration, text: string): Promise<void> => {
  if (await isReady(db, declaration, text)) return;
  const rows = rowsOf(db, declaration.name);
  const note = (ready: boolean): Promise<unknown> =>
    declaredOf(db).updateOne({ _id: declaration.name }, { $set: { declaration: text, ready } }, { upsert: true });
  await checkRows(rows, declaration);
  await note(false);
  await refillKeys(rows, declaration);
  await createIndexes(rows, declaration);
  await dropStaleIndexes(rows, declaration);
  await note(true);
};

/** Does nothing to the database when the stored declaration is the same. Throws `invalid-configuration` when a sort has no usable index afterwards. */
export const declareCollection = async (db: Db, declaration: CollectionDeclaration): Promise<void> => {
  const text = JSON.stringify(declaration);
  if (!(await isReady(db, declaration, text))) {
    await withLock(db, `collection ${declaration.name}`, () => change(db, declaration, text));
  }
  await checkIndexes(rowsOf(db, declaration.name), declaration);
};

/** A load that was killed looks like one that still runs. */
export const partOfDump =
  'The database holds part of a dump whose load did not end. Drop the database and load the dump again.';

/** Throws `invalid-configuration` when a load of a dump has begun and not ended. */
export const checkWhole = async (db: Db): Promise<void> => {
  if ((await stateOf(db).findOne({ _id: 'load' })) !== null)
    throw new SimfleetError('invalid-configuration', partOfDump);
};
