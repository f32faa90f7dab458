import { SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration } from '@simfleet/storage';
import type { Question } from '@simfleet/storage/documents';
import type { Collection } from 'mongodb';
import { pathOf } from '../documents/conditions.ts';
import { indexConflicts, indexNotFound, serverCode } from '../faults.ts';
import type { Row } from '../layout.ts';

/**
 * Names of indexes begin with that of their collection, although they are its own anyway: `dropIndexes` of the wire-protocol server that tests use drops
 * every index of the database by a name.
 */
const named = (collection: string, rest: string): string => `${collection}-${rest}`;

/** Leads to the documents that have events which are not out. */
export const outboxIndex = (collection: string): string => named(collection, 'outbox');
const sortPrefix = (collection: string): string => named(collection, 'sort-');

interface SortIndex {
  readonly name: string;
  /** Fields that a list must fix to one value to walk along it. */
  readonly equal: readonly string[];
  readonly sort: string;
}

/** One index a sort, lists being mostly asked for per customer a second one led by a declared `customer`, and those declared besides. */
const sortIndexes = ({ name, fields, sorts, indexes = [] }: CollectionDeclaration): readonly SortIndex[] => {
  const byCustomer = Object.hasOwn(fields, 'customer') ? sorts.filter((sort) => sort !== 'customer') : [];
  const all = [
    ...sorts.map((sort) => ({ equal: [], sort })),
    ...byCustomer.map((sort) => ({ equal: ['customer'], sort })),
    ...indexes,
  ];
  const allNamed = all.map(({ equal, sort }) => ({
    name: `${sortPrefix(name)}${[...equal, sort].join('-')}`,
    equal,
    sort,
  }));
  return [...new Map(allNamed.map((index) => [index.name, index])).values()];
};

interface Wanted {
  readonly name: string;
  readonly key: Readonly<Record<string, 1>>;
  readonly sparse?: true;
}

const wantedIndexes = (declaration: CollectionDeclaration): readonly Wanted[] => [
  ...sortIndexes(declaration).map(({ name, equal, sort }) => {
    const paths = [...equal, sort].map(pathOf);
    return { name, key: Object.fromEntries([...paths, '_id'].map((path) => [path, 1] as const)) };
  }),
  { name: named(declaration.name, 'labels'), key: { labels: 1 } },
  { name: outboxIndex(declaration.name), key: { 'events.m': 1 }, sparse: true },
];

/**
 * The index that a page walks along: of those in its order the one that fixes most. Null with labels, where the server may know better: few
 * rows may have them.
 */
export const hintOf = (declaration: CollectionDeclaration, { conditions, field }: Question): string | null => {
  if (conditions.some(({ op }) => op === 'label')) return null;
  const fixed = new Set(conditions.flatMap((each) => (each.op === 'in' && each.keys.length === 1 ? [each.field] : [])));
  const usable = sortIndexes(declaration)
    .filter(({ equal, sort }) => sort === field && equal.every((each) => fixed.has(each)))
    .sort((a, b) => b.equal.length - a.equal.length);
  return usable[0]?.name ?? null;
};

/** Makes what is missing. Throws `invalid-configuration` when an index of ours is there with another meaning. */
export const createIndexes = async (rows: Collection<Row>, declaration: CollectionDeclaration): Promise<void> => {
  try {
    await rows.createIndexes(wantedIndexes(declaration).map((index) => ({ ...index, key: { ...index.key } })));
  } catch (error) {
    if (!indexConflicts.includes(serverCode(error) ?? 0)) throw error;
    const detail = `An index of collection ${declaration.name} is not what its name says: ${(error as Error).message}`;
    throw new SimfleetError('invalid-configuration', detail, { cause: error });
  }
};

const indexesOf = async (rows: Collection<Row>): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> => {
  const all = (await rows.listIndexes().toArray()) as readonly Readonly<Record<string, unknown>>[];
  return new Map(all.map((index) => [String(index['name']), index]));
};

/** Drops the indexes of sorts that are not declared any more. Those that are not ours stay. */
export const dropStaleIndexes = async (rows: Collection<Row>, declaration: CollectionDeclaration): Promise<void> => {
  const wanted = new Set(sortIndexes(declaration).map(({ name }) => name));
  for (const name of (await indexesOf(rows)).keys()) {
    if (!name.startsWith(sortPrefix(declaration.name)) || wanted.has(name)) continue;
    try {
      await rows.dropIndex(name);
    } catch (error) {
      if (serverCode(error) !== indexNotFound) throw error;
    }
  }
};

/** Throws `invalid-configuration` unless every index is there, as declared, and open to queries. */
export const checkIndexes = async (rows: Collection<Row>, declaration: CollectionDeclaration): Promise<void> => {
  const found = await indexesOf(rows);
  for (const { name, key, sparse } of wantedIndexes(declaration)) {
    const index = found.get(name);
    const usable =
      index !== undefined &&
      JSON.stringify(index['key']) === JSON.stringify(key) &&
      (index['sparse'] === true) === (sparse === true) &&
      index['hidden'] !== true &&
      index['partialFilterExpression'] === undefined &&
      index['collation'] === undefined;
    if (usable) continue;
    const made = `db.getCollection('${declaration.name}').createIndex(${JSON.stringify(key)}, ${JSON.stringify({ name, ...(sparse === true ? { sparse } : {}) })})`;
    const detail = `Collection ${declaration.name} has no usable index "${name}". Drop what is there by that name, then: ${made}`;
    throw new SimfleetError('invalid-configuration', detail);
  }
};
