import { SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration } from '@simfleet/storage';
import { isText } from './columns.ts';
import type { Row, Run } from './connections.ts';
import { columnOf, indexNameOf, tableOf } from './names.ts';

/** An index that a declaration asks for: these fields in order, then the id. */
export interface WantedIndex {
  readonly name: string;
  readonly fields: readonly string[];
}

/** One index a sort, and one led by a declared `customer`, whose lists are asked for most; then those that are declared. */
export const wantedIndexes = ({ name, fields, sorts, indexes = [] }: CollectionDeclaration): readonly WantedIndex[] => {
  const perCustomer = Object.hasOwn(fields, 'customer') ? sorts.filter((sort) => sort !== 'customer') : [];
  const lists = [
    ...sorts.map((sort) => [sort]),
    ...perCustomer.map((sort) => ['customer', sort]),
    ...indexes.map(({ equal, sort }) => [...equal, sort]),
  ];
  return [...new Map(lists.map((list) => [indexNameOf(name, list), list]))].map(([index, list]) => ({
    name: index,
    fields: list,
  }));
};

export const createIndexSql = (collection: string, { name, fields }: WantedIndex): string =>
  `CREATE INDEX "${name}" ON ${tableOf(collection)} (${[...fields.map(columnOf), 'id'].join(', ')})`;

/** An index as PostgreSQL has it. */
interface FoundIndex {
  readonly name: string;
  /** What it covers, such as `f_title:0:C`: column, its option bits (1 = descending, 2 = null first) and its collation; null when it cannot be used. */
  readonly covers: string | null;
}

const foundSql = `
  SELECT c.relname AS name,
         i.indisvalid AND i.indisready AND i.indpred IS NULL AND am.amname = 'btree' AS usable,
         array_to_string(ARRAY (
           SELECT concat(a.attname, ':', i.indoption[k - 1], ':', coalesce(co.collname, ''))
           FROM generate_series(1, i.indnkeyatts) AS k
           LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1]
           LEFT JOIN pg_collation co ON co.oid = i.indcollation[k - 1]
           ORDER BY k), ',') AS covers
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
  WHERE i.indrelid = to_regclass($1)`;

export const foundIndexes = async (run: Run, collection: string): Promise<readonly FoundIndex[]> => {
  const { rows } = await run(foundSql, [tableOf(collection)]);
  return rows.map((row: Row) => ({
    name: String(row['name']),
    covers: row['usable'] === true ? String(row['covers']) : null,
  }));
};

/** What an index must cover to serve the walk forwards and backwards. */
const coverOf = ({ fields }: WantedIndex, declaration: CollectionDeclaration): string =>
  [
    ...fields.map((field) => {
      const type = declaration.fields[field]?.type;
      return `f_${field}:0:${type !== undefined && isText(type) ? 'C' : ''}`;
    }),
    'id:0:C',
  ].join(',');

export const isThere = (
  wanted: WantedIndex,
  declaration: CollectionDeclaration,
  found: readonly FoundIndex[],
): boolean => {
  const cover = coverOf(wanted, declaration);
  return found.some(({ covers }) => covers === cover);
};

/**
 * Throws `invalid-configuration` when a declared index is missing or cannot be used. It is not mended here: whoever took it away, or whatever
 * broke it, is to be known first, and building it may take long.
 */
export const checkIndexes = async (run: Run, declaration: CollectionDeclaration): Promise<void> => {
  const found = await foundIndexes(run, declaration.name);
  for (const wanted of wantedIndexes(declaration)) {
    if (isThere(wanted, declaration, found)) continue;
    const drop = found.some(({ name }) => name === wanted.name) ? `DROP INDEX simfleet."${wanted.name}"; ` : '';
    throw new SimfleetError(
      'invalid-configuration',
      `Collection "${declaration.name}" has no usable index over ${wanted.fields.join(', ')} in PostgreSQL. ` +
        `Make it: ${drop}${createIndexSql(declaration.name, wanted)}`,
    );
  }
};
