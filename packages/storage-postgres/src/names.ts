import { createHash } from 'node:crypto';
import { escapeLiteral } from 'pg';

/** Names of what the store makes, all in the schema `simfleet`. Declarations hold plain words only, so quoting is enough. */
export const tableOf = (collection: string): string => `simfleet."c_${collection}"`;
export const columnOf = (field: string): string => `"f_${field}"`;

/** Text as an SQL literal. */
export const literal = (text: string): string => escapeLiteral(text);

/** PostgreSQL cuts longer names off, and two of them might then be one. */
const longestName = 63;

/** The name of the index of a collection over these fields and the id, without quotes. The dot keeps `a_b`.`c` and `a`.`b_c` apart. */
export const indexNameOf = (collection: string, fields: readonly string[]): string => {
  const name = `${collection}.${fields.join(',')}`;
  if (name.length <= longestName) return name;
  return `${name.slice(0, 46)}.${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
};

/**
 * Whether PostgreSQL and the driver keep the text as it is. No id and no stream is called otherwise; half a surrogate pair would be looked for as
 * another character.
 */
export const isKept = (text: string): boolean => text.isWellFormed() && !text.includes('\0');
