import type { FieldDeclaration } from '@simfleet/storage';
import type { StoredKey } from '@simfleet/storage/documents';
import { literal } from './names.ts';

/**
 * The columns that PostgreSQL itself makes from a document for its declared fields: whoever writes the document, with whatever declaration, the columns fit
 * it. They hold no SQL null: a walk of an index in which null has a place of its own would be two walks, and SQL cannot say «beyond null» in
 * one comparison. A missing value, and one of another type than declared, is the least value of the column instead.
 */

type FieldType = FieldDeclaration['type'];
/** A key as a column holds it. */
export type ColumnKey = string | number;

interface ColumnType {
  readonly column: string;
  /** Of keys in parameters. */
  readonly parameter: string;
  /** Stands for null; below every value. */
  readonly none: ColumnKey;
}

/** Text begins with this in a column, so that none is empty. */
const mark = '=';

const columnTypes: Readonly<Record<FieldType, ColumnType>> = {
  text: { column: 'text COLLATE "C"', parameter: 'text', none: '' },
  number: { column: 'float8', parameter: 'float8', none: '-Infinity' },
  integer64: { column: 'text COLLATE "C"', parameter: 'text', none: '' },
  time: { column: 'int8', parameter: 'int8', none: '-9223372036854775808' },
  boolean: { column: 'int2', parameter: 'int2', none: -1 },
};

export const parameterType = (type: FieldType): string => columnTypes[type].parameter;

export const isText = (type: FieldType): boolean => columnTypes[type].parameter === 'text';

/** A sort key of the port as the column holds it. */
export const columnKey = (type: FieldType, key: StoredKey): ColumnKey => {
  if (key === null) return columnTypes[type].none;
  return type === 'text' ? `${mark}${key}` : key;
};

/** The same back, from what the driver makes of a column. */
export const portKey = (type: FieldType, value: unknown): StoredKey => {
  if (typeof value === 'number')
    return value === Number.NEGATIVE_INFINITY || (type === 'boolean' && value < 0) ? null : value;
  const text = String(value);
  if (text === String(columnTypes[type].none)) return null;
  if (type === 'text') return text.slice(mark.length);
  return type === 'time' ? Number(text) : text;
};

/** `->` with text finds members of objects only, never items of lists. */
const valueOf = (path: readonly string[]): string => ['doc', ...path.map(literal)].join(' -> ');

const keyOf = ({ path, type }: FieldDeclaration): string => {
  const value = `(${valueOf(path)})`;
  const text = `(${value} #>> '{}')`;
  const when = (is: string, key: string): string => `CASE WHEN jsonb_typeof(${value}) = '${is}' THEN ${key} END`;
  switch (type) {
    case 'text':
      return when('string', `'${mark}' || ${text}`);
    case 'number':
      return when('number', `${value}::float8`);
    case 'integer64':
      return when('string', `simfleet.ordered_integer(${text})`);
    case 'time':
      return when('string', `simfleet.milliseconds(${text})`);
    case 'boolean':
      return when('boolean', `${value}::boolean::int4::int2`);
  }
};

/** Type and origin of a field's column, as in `ADD COLUMN`. */
export const generatedColumn = (field: FieldDeclaration): string => {
  const { column, parameter, none } = columnTypes[field.type];
  return `${column} GENERATED ALWAYS AS (coalesce(${keyOf(field)}, '${none}'::${parameter})) STORED`;
};
