import type { FieldDeclaration } from '@simfleet/storage';
import { afterPrefix, type Condition, type Question, type StoredKey } from '@simfleet/storage/documents';
import { parameterTypes } from './columns.ts';
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

  typeOf(field: string): string {
    return parameterTypes[this.#fields[field]?.type ?? 'text'];
  }

  /** One value is compared by `=`, so that an index led by it is walked in order; a list makes one text whatever its length. */
  #inKeys(field: string, keys: readonly StoredKey[]): string {
    const column = columnOf(field);
    const values = keys.filter((key) => key !== null);
    const type = this.typeOf(field);
    const parts = [
      ...(values.length === 1 ? [`${column} = ${this.parameter(values[0], type)}`] : []),
      ...(values.length > 1 ? [`${column} = ANY (${this.parameter(values, `${type}[]`)})`] : []),
      ...(values.length < keys.length ? [`${column} IS NULL`] : []),
    ];
    return parts.length === 0 ? 'FALSE' : `(${parts.join(' OR ')})`;
  }

  /** from ≤ column < to; a null bound is none. Null columns are never within. */
  #between(field: string, from: StoredKey, to: StoredKey): string {
    const column = columnOf(field);
    const type = this.typeOf(field);
    return [
      `${column} IS NOT NULL`,
      ...(from === null ? [] : [`${column} >= ${this.parameter(from, type)}`]),
      ...(to === null ? [] : [`${column} < ${this.parameter(to, type)}`]),
    ].join(' AND ');
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
}

const where = (parts: readonly string[]): string => (parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`);

export const countSql = (
  collection: string,
  fields: Fields,
  conditions: readonly Condition[],
  atMost: number | undefined,
): Sql => {
  const builder = new Builder(fields);
  const rows = `FROM ${tableOf(collection)}${where(conditions.map((each) => builder.condition(each)))}`;
  const text =
    atMost === undefined
      ? `SELECT count(*) AS count ${rows}`
      : `SELECT count(*) AS count FROM (SELECT 1 ${rows} LIMIT ${builder.parameter(atMost, 'int8')}) AS few`;
  return { text, values: builder.values };
};

/**
 * The stretches of the walk beyond its start, in walking order: each is one range of an index, where a condition joined by OR would
 * be a filter over rows from the beginning. Null sorts first.
 */
const stretches = ({ field, start, ascending }: Question): readonly ((builder: Builder) => string | null)[] => {
  const column = columnOf(field);
  if (start === null) return [() => null];
  const beyond = ascending ? '>' : '<';
  const id = (builder: Builder): string => builder.parameter(start.id, 'text');
  if (start.key === null) {
    const rest = (builder: Builder): string => `${column} IS NULL AND id ${beyond} ${id(builder)}`;
    return ascending ? [rest, () => `${column} IS NOT NULL`] : [rest];
  }
  const rest = (builder: Builder): string =>
    `(${column}, id) ${beyond} (${builder.parameter(start.key, builder.typeOf(field))}, ${id(builder)})`;
  return ascending ? [rest] : [rest, () => `${column} IS NULL`];
};

/**
 * Selects to run one after the other until the page is full. `wanted` rows at most are in the text, not among the parameters: a plan made once
 * for all values must know how few they are.
 */
export const pageSql = (
  collection: string,
  fields: Fields,
  question: Question,
): readonly ((wanted: number) => Sql)[] => {
  const column = columnOf(question.field);
  const order = question.ascending ? `${column} ASC NULLS FIRST, id ASC` : `${column} DESC NULLS LAST, id DESC`;
  return stretches(question).map((stretch) => (wanted: number) => {
    const builder = new Builder(fields);
    const beyond = stretch(builder);
    const parts = [...question.conditions.map((each) => builder.condition(each)), ...(beyond === null ? [] : [beyond])];
    const offset = question.offset === 0 ? '' : ` OFFSET ${builder.parameter(question.offset, 'int8')}`;
    const text = `SELECT id, version, doc, ${column} AS key FROM ${tableOf(collection)}${where(parts)} ORDER BY ${order} LIMIT ${wanted}${offset}`;
    return { text, values: builder.values };
  });
};
