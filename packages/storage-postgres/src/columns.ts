import type { FieldDeclaration } from '@simfleet/storage';
import { literal } from './names.ts';

/**
 * The columns that PostgreSQL itself makes from a document for its declared fields: whoever writes the document, with whatever
 * declaration, the columns fit it. A value of another type than declared makes null, not an error.
 */

const types: Readonly<Record<FieldDeclaration['type'], string>> = {
  text: 'text COLLATE "C"',
  number: 'float8',
  integer64: 'text COLLATE "C"',
  time: 'int8',
  boolean: 'int2',
};

/** The type of a field's keys in parameters. */
export const parameterTypes: Readonly<Record<FieldDeclaration['type'], string>> = {
  text: 'text',
  number: 'float8',
  integer64: 'text',
  time: 'int8',
  boolean: 'int2',
};

/** `->` with text finds members of objects only, never items of lists. */
const valueOf = (path: readonly string[]): string => ['doc', ...path.map(literal)].join(' -> ');

const keyOf = ({ path, type }: FieldDeclaration): string => {
  const value = `(${valueOf(path)})`;
  const text = `(${value} #>> '{}')`;
  const when = (is: string, key: string): string => `CASE WHEN jsonb_typeof(${value}) = '${is}' THEN ${key} END`;
  switch (type) {
    case 'text':
      return when('string', text);
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
export const generatedColumn = (field: FieldDeclaration): string =>
  `${types[field.type]} GENERATED ALWAYS AS (${keyOf(field)}) STORED`;
