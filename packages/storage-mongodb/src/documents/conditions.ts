import { afterPrefix, type Condition, type StoredKey } from '@simfleet/storage/documents';
import type { Filter } from 'mongodb';
import type { Row } from '../layout.ts';
import { orderedText } from '../ordered-text.ts';

export const pathOf = (field: string): string => `keys.${field}`;

export const storedKey = (key: StoredKey): StoredKey => (typeof key === 'string' ? orderedText(key) : key);

export const storedLabel = (key: string, value: string): string => JSON.stringify([key, value]);

/** from ≤ key < to; a null bound is none. Comparisons with a value never match null. */
const between = (from: StoredKey, to: StoredKey): object => ({
  ...(from === null && to === null ? { $ne: null } : {}),
  ...(from === null ? {} : { $gte: storedKey(from) }),
  ...(to === null ? {} : { $lt: storedKey(to) }),
});

const filterOf = (condition: Condition): Filter<Row> => {
  switch (condition.op) {
    case 'label':
      return { labels: storedLabel(condition.key, condition.value) };
    case 'in':
      return { [pathOf(condition.field)]: { $in: condition.keys.map(storedKey) } };
    case 'range':
      return { [pathOf(condition.field)]: between(condition.from, condition.to) };
    case 'prefix':
      return { [pathOf(condition.field)]: between(condition.prefix, afterPrefix(condition.prefix)) };
  }
};

/** Rows that are no tombstones and fulfil every condition, and what else is asked of them. */
export const rowsThat = (conditions: readonly Condition[], ...more: readonly Filter<Row>[]): Filter<Row> => ({
  $and: [...conditions.map(filterOf), ...more, { doc: { $ne: null } }],
});
