import type { Condition, Question } from '../documents/question.ts';
import { afterPrefix, type StoredKey } from '../documents/order.ts';
import { columnOf, labelsTableOf, tableOf } from './tables.ts';

/** SQL text and its parameters. */
export interface Sql {
  readonly text: string;
  readonly parameters: readonly StoredKey[];
}

const all = (parts: readonly Sql[]): Sql => ({
  text: parts.map(({ text }) => `(${text})`).join(' AND '),
  parameters: parts.flatMap(({ parameters }) => parameters),
});

const inKeys = (column: string, keys: readonly StoredKey[]): Sql => {
  const values = keys.filter((key) => key !== null);
  const marks = `${column} IN (${values.map(() => '?').join(', ')})`;
  return { text: values.length < keys.length ? `${marks} OR ${column} IS NULL` : marks, parameters: values };
};

/** from ≤ column < to; a null bound is none. Null columns are never within. */
const between = (column: string, from: StoredKey, to: StoredKey): Sql =>
  all([
    { text: `${column} IS NOT NULL`, parameters: [] },
    ...(from === null ? [] : [{ text: `${column} >= ?`, parameters: [from] }]),
    ...(to === null ? [] : [{ text: `${column} < ?`, parameters: [to] }]),
  ]);

const conditionSql = (collection: string, condition: Condition): Sql => {
  if (condition.op === 'label') {
    return {
      text: `id IN (SELECT id FROM ${labelsTableOf(collection)} WHERE key = ? AND value = ?)`,
      parameters: [condition.key, condition.value],
    };
  }
  const column = columnOf(condition.field);
  if (condition.op === 'in') return inKeys(column, condition.keys);
  if (condition.op === 'range') return between(column, condition.from, condition.to);
  return between(column, condition.prefix, afterPrefix(condition.prefix));
};

/** Rows that are no tombstones and fulfil every condition. */
const whereSql = (collection: string, conditions: readonly Condition[]): Sql =>
  all([{ text: 'doc IS NOT NULL', parameters: [] }, ...conditions.map((each) => conditionSql(collection, each))]);

export const countSql = (collection: string, conditions: readonly Condition[], atMost: number | undefined): Sql => {
  const { text, parameters } = whereSql(collection, conditions);
  const rows = `FROM ${tableOf(collection)} WHERE ${text}`;
  if (atMost === undefined) return { text: `SELECT count(*) AS count ${rows}`, parameters };
  return { text: `SELECT count(*) AS count FROM (SELECT 1 ${rows} LIMIT ?)`, parameters: [...parameters, atMost] };
};

/**
 * The stretches of the walk beyond its start, in walking order: SQLite seeks each in an index, where one condition joined by OR would
 * make it scan from the beginning. Null sorts first.
 */
const stretches = (column: string, { start, ascending }: Question): readonly Sql[] => {
  const isNull: Sql = { text: `${column} IS NULL`, parameters: [] };
  const isValue: Sql = { text: `${column} IS NOT NULL`, parameters: [] };
  if (start === null) return [{ text: 'TRUE', parameters: [] }];
  const beyond = ascending ? '>' : '<';
  if (start.key === null) {
    const rest = all([isNull, { text: `id ${beyond} ?`, parameters: [start.id] }]);
    return ascending ? [rest, isValue] : [rest];
  }
  const rest: Sql = { text: `(${column}, id) ${beyond} (?, ?)`, parameters: [start.key, start.id] };
  return ascending ? [rest] : [rest, isNull];
};

/** Selects to run one after the other until the page is full; the last parameters of each are the rows wanted and the rows left out. */
export const pageSql = (collection: string, question: Question): readonly Sql[] => {
  const column = columnOf(question.field);
  const order = question.ascending ? 'ASC' : 'DESC';
  const where = whereSql(collection, question.conditions);
  return stretches(column, question).map((stretch) => {
    const { text, parameters } = all([where, stretch]);
    return {
      text: `SELECT id, version, doc, ${column} AS key FROM ${tableOf(collection)}
             WHERE ${text} ORDER BY ${column} ${order}, id ${order} LIMIT ? OFFSET ?`,
      parameters,
    };
  });
};
