import { SimfleetError } from '@simfleet/contracts';
import type { CollectionDeclaration, FieldDeclaration, Filter, Position, Query } from '../collection.ts';
import { storeKey } from './fields.ts';
import type { StoredKey } from './order.ts';

/** A filter whose fields are known and whose values are sort keys; `and` is flattened. */
export type Condition =
  | { readonly op: 'in'; readonly field: string; readonly keys: readonly StoredKey[] }
  | { readonly op: 'range'; readonly field: string; readonly from: StoredKey; readonly to: StoredKey }
  | { readonly op: 'prefix'; readonly field: string; readonly prefix: string }
  | { readonly op: 'label'; readonly key: string; readonly value: string };

/** Where a walk starts: beside the row with this key and id, exclusive. */
export interface Start {
  readonly key: StoredKey;
  readonly id: string;
}

/** A query checked against its declaration. */
export interface Question {
  readonly conditions: readonly Condition[];
  readonly field: string;
  readonly type: FieldDeclaration['type'];
  /** Direction of the walk: that of the sort, turned round for `before`. */
  readonly ascending: boolean;
  /** The walk runs against the sort; its rows are turned round before they are answered. */
  readonly backwards: boolean;
  readonly start: Start | null;
  readonly limit: number;
  /** Rows to leave out from the start. */
  readonly offset: number;
}

const mostOffset = 10_000;

const refuse = (pointer: string, detail: string): never => {
  throw new SimfleetError('invalid-request', `${pointer} ${detail}.`, { mistakes: [{ pointer, detail }] });
};

const fieldOf = (declaration: CollectionDeclaration, name: string): FieldDeclaration =>
  (Object.hasOwn(declaration.fields, name) ? declaration.fields[name] : undefined) ??
  refuse(`#query/${name}`, `is not a field of ${declaration.name}: ${Object.keys(declaration.fields).join(', ')}`);

/** Conditions that must all hold. Throws `invalid-request` for unknown fields and for values of another type than the field's. */
export const conditionsOf = (declaration: CollectionDeclaration, filter: Filter | undefined): readonly Condition[] => {
  if (filter === undefined) return [];
  if (filter.op === 'and') return filter.all.flatMap((part) => conditionsOf(declaration, part));
  if (filter.op === 'label') {
    storeKey('text', filter.key, '#query/label');
    storeKey('text', filter.value, '#query/label');
    return [filter];
  }
  const { type } = fieldOf(declaration, filter.field);
  const key = (value: unknown): StoredKey => storeKey(type, value, `#query/${filter.field}`);
  if (filter.op === 'eq') return [{ op: 'in', field: filter.field, keys: [key(filter.value)] }];
  if (filter.op === 'in') return [{ op: 'in', field: filter.field, keys: filter.values.map(key) }];
  if (filter.op === 'range') return [{ op: 'range', field: filter.field, from: key(filter.from), to: key(filter.to) }];
  if (type !== 'text') refuse(`#query/${filter.field}`, 'is not text and has no prefix');
  return [{ op: 'prefix', field: filter.field, prefix: String(key(filter.prefix)) }];
};

const startOf = (type: FieldDeclaration['type'], position: Position | undefined): Start | null =>
  position === undefined
    ? null
    : {
        key: storeKey(type, position.key, '#query/cursor'),
        id: String(storeKey('text', position.id, '#query/cursor')),
      };

/** Throws `invalid-request` unless `atMost` is left out or a whole number ≥ 1. */
export const checkAtMost = (atMost: number | undefined): void => {
  if (atMost !== undefined && !(Number.isSafeInteger(atMost) && atMost >= 1))
    refuse('#query/atMost', 'must be a whole number ≥ 1');
};

/** Throws `invalid-request` for an undeclared sort, a limit or an offset out of range, two starts, and wrong filters. */
export const questionOf = (declaration: CollectionDeclaration, query: Query): Question => {
  const { field, direction } = query.sort;
  if (!declaration.sorts.includes(field)) {
    refuse('#query/sort', `cannot be "${field}": ${declaration.name} sorts by ${declaration.sorts.join(', ')}`);
  }
  if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > 1000) {
    refuse('#query/limit', 'must be a whole number from 1 to 1000');
  }
  if (query.after !== undefined && query.before !== undefined)
    refuse('#query/cursor', 'has both an after and a before');
  const { offset = 0 } = query;
  if (!Number.isInteger(offset) || offset < 0 || offset > mostOffset) {
    refuse('#query/offset', `must be a whole number from 0 to ${mostOffset}`);
  }
  if (offset > 0 && (query.after ?? query.before) !== undefined) refuse('#query/offset', 'cannot go with a position');
  const { type } = fieldOf(declaration, field);
  const backwards = query.before !== undefined;
  return {
    conditions: conditionsOf(declaration, query.filter),
    field,
    type,
    ascending: (direction === 'ascending') !== backwards,
    backwards,
    start: startOf(type, query.after ?? query.before),
    limit: query.limit,
    offset,
  };
};
