import type { CollectionDeclaration, FieldDeclaration } from '@simfleet/storage';
import { afterPrefix, type Condition, type Question, type StoredKey } from '@simfleet/storage/documents';
import { columnKey, parameterType } from './columns.ts';
import { wantedIndexes } from './indexes.ts';
import { columnOf, tableOf } from './names.ts';

/** SQL text and the values of its parameters. */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
}

type Fields = Readonly<Record<string, FieldDeclaration>>;

/** Builds the text of one statement and numbers its parameters. */
class Builder {
  readonly #fields: Fields;
  readonly values: unknown[] = [];

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  parameter(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }

  key(field: string, key: StoredKey): string {
    const type = this.#typeOf(field);
    return this.parameter(columnKey(type, key), parameterType(type));
  }

  condition(condition: Condition): string {
    switch (condition.op) {
      case 'label':
        return `labels @> ${this.parameter(JSON.stringify({ [condition.key]: condition.value }), 'jsonb')}`;
      case 'in':
        return this.#inKeys(condition.field, condition.keys);
      case 'range':
        return this.#between(condition.field, condition.from, condition.to);
      case 'prefix':
        return this.#between(condition.field, condition.prefix, afterPrefix(condition.prefix));
    }
  }

  #typeOf(field: string): FieldDeclaration['type'] {
    return this.#fields[field]?.type ?? 'text';
  }

  /** A list makes one text whatever its length, so that few texts are prepared. */
  #inKeys(field: string, keys: readonly StoredKey[]): string {
    const [first = null] = keys;
    if (keys.length === 1) return `${columnOf(field)} = ${this.key(field, first)}`;
    const type = this.#typeOf(field);
    const all = keys.map((key) => columnKey(type, key));
    return `${columnOf(field)} = ANY (${this.parameter(all, `${parameterType(type)}[]`)})`;
  }

  /** from ≤ column < to; a null bound is none. Null keys are never within. */
  #between(field: string, from: StoredKey, to: StoredKey): string {
    const column = columnOf(field);
    const parts = [from === null ? `${column} > ${this.key(field, null)}` : `${column} >= ${this.key(field, from)}`];
    if (to !== null) parts.push(`${column} < ${this.key(field, to)}`);
    return parts.join(' AND ');
  }
}

const where = (parts: readonly string[]): string => (parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`);

export const countSql = (
  { name, fields }: CollectionDeclaration,
  conditions: readonly Condition[],
  atMost: number | undefined,
): Sql => {
  const builder = new Builder(fields);
  const rows = `FROM ${tableOf(name)}${where(conditions.map((each) => builder.condition(each)))}`;
  const text =
    atMost === undefined
      ? `SELECT count(*) AS count ${rows}`
      : `SELECT count(*) AS count FROM (SELECT 1 ${rows} LIMIT ${builder.parameter(atMost, 'int8')}) AS few`;
  return { text, values: builder.values };
};

/** The one value that a field is held to, if it is. */
const heldTo = (conditions: readonly Condition[], field: string): Condition | undefined =>
  conditions.find((each) => each.op === 'in' && each.keys.length === 1 && each.field === field);

/** The longest declared index with the sort at its end whose other fields the question holds to one value each: those fields. */
const leadOf = (declaration: CollectionDeclaration, { conditions, field }: Question): readonly string[] => {
  const leads = wantedIndexes(declaration)
    .filter(({ fields }) => fields.at(-1) === field)
    .map(({ fields }) => fields.slice(0, -1))
    .filter((fields) => fields.every((each) => heldTo(conditions, each) !== undefined))
    .sort((left, right) => right.length - left.length);
  return leads[0] ?? [];
};

/**
 * A select of at most `wanted` rows of the walk beyond its start: one range of one index. `wanted` is in the text, not among the parameters: a plan
 * made once for all values must know how few rows there are.
 *
 * The field before the sort in the index is held by a range from its value to itself, and leads the order: by `=` PostgreSQL would see that it is
 * the same all along, and might walk the index of the sort alone and leave rows out, which for a customer with few rows among many has no end.
 * Only one field: a scan ends where the first column of a row comparison leaves its range, whatever the others do.
 */
export const pageSql = (declaration: CollectionDeclaration, question: Question, wanted: number): Sql => {
  const { conditions, field, start, ascending, offset } = question;
  const builder = new Builder(declaration.fields);
  const leader = leadOf(declaration, question).at(-1);
  const held = leader === undefined ? undefined : heldTo(conditions, leader);
  const parts = conditions.filter((each) => each !== held).map((each) => builder.condition(each));
  const columns = [...(leader === undefined ? [] : [leader]), field].map(columnOf);
  const edge: string[] = [];
  if (leader !== undefined && held?.op === 'in') {
    const [key = null] = held.keys;
    const value = builder.key(leader, key);
    edge.push(value);
    if (start === null || ascending) parts.push(`${columnOf(leader)} <= ${value}`);
    if (start === null || !ascending) parts.push(`${columnOf(leader)} >= ${value}`);
  }
  if (start !== null) {
    edge.push(builder.key(field, start.key), builder.parameter(start.id, 'text'));
    parts.push(`(${columns.join(', ')}, id) ${ascending ? '>' : '<'} (${edge.join(', ')})`);
  }
  const direction = ascending ? 'ASC' : 'DESC';
  const order = [...columns, 'id'].map((column) => `${column} ${direction}`).join(', ');
  const skip = offset === 0 ? '' : ` OFFSET ${builder.parameter(offset, 'int8')}`;
  const text = `SELECT id, version, doc, ${columnOf(field)} AS key FROM ${tableOf(declaration.name)}${where(parts)} ORDER BY ${order} LIMIT ${wanted}${skip}`;
  return { text, values: builder.values };
};
