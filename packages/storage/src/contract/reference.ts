import type { Filter, Sort } from '../collection.ts';
import { fields, type Note } from './samples.ts';

/** Sorting and filtering written a second time, plainly, for the suite to compare adapters with. Shares no code with them. */

type Field = keyof typeof fields;
type Value = string | number | bigint | boolean | null;

const comparable = (field: Field, value: unknown): Value => {
  if (value === null || value === undefined) return null;
  if (fields[field].type === 'integer64') return BigInt(value as string);
  if (fields[field].type === 'time') return Date.parse(value as string);
  return value as Value;
};

const valueOf = (doc: Note, field: Field): Value => {
  const { more } = doc;
  if (field !== 'inner') return comparable(field, doc[field]);
  return comparable(field, typeof more === 'object' && more !== null && 'inner' in more ? more.inner : null);
};

const compare = (left: Value, right: Value): number => {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  if (typeof left === 'string') return Buffer.compare(Buffer.from(left), Buffer.from(String(right)));
  return left < right ? -1 : Number(left > right);
};

const same = (left: Value, right: Value): boolean => compare(left, right) === 0;

export const accepts = (filter: Filter, doc: Note): boolean => {
  if (filter.op === 'and') return filter.all.every((part) => accepts(part, doc));
  if (filter.op === 'label') return doc.labels?.[filter.key] === filter.value;
  const field = filter.field as Field;
  const value = valueOf(doc, field);
  if (filter.op === 'eq') return same(value, comparable(field, filter.value));
  if (filter.op === 'in') return filter.values.some((each) => same(value, comparable(field, each)));
  if (filter.op === 'prefix') return typeof value === 'string' && value.startsWith(filter.prefix);
  return (
    value !== null &&
    (filter.from === undefined || compare(value, comparable(field, filter.from)) >= 0) &&
    (filter.to === undefined || compare(value, comparable(field, filter.to)) < 0)
  );
};

/** Ids of the accepted notes in order. */
export const sortedIds = (notes: ReadonlyMap<string, Note>, sort: Sort, filter?: Filter): readonly string[] => {
  const sign = sort.direction === 'ascending' ? 1 : -1;
  const field = sort.field as Field;
  return [...notes]
    .filter(([, doc]) => filter === undefined || accepts(filter, doc))
    .sort(([a, left], [b, right]) => sign * (compare(valueOf(left, field), valueOf(right, field)) || compare(a, b)))
    .map(([id]) => id);
};
