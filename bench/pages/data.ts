import type { CollectionDeclaration, Query } from '@simfleet/storage';

export const rows = 2_000_000;
export const depth = 1_000_000;
export const pageSize = 50;

/** A row as small as one of a list may be. Created four a millisecond: pages start in the middle of equal keys. */
export interface Listed {
  readonly customer: string;
  readonly createdAt: string;
}

export const unsorted = {
  name: 'listed',
  fields: { createdAt: { path: ['createdAt'], type: 'time' } },
  sorts: [],
} as const satisfies CollectionDeclaration;

/** Declared once the rows are in, so that the index is built in one go. */
export const sorted = { ...unsorted, sorts: ['createdAt'] } as const satisfies CollectionDeclaration;

export const sort = { field: 'createdAt', direction: 'ascending' } as const;

const start = Date.parse('2026-01-01T00:00:00.000Z');
const perMillisecond = 4;

export const idOf = (index: number): string => `row-${String(index).padStart(8, '0')}`;
export const timeOf = (index: number): number => start + Math.floor(index / perMillisecond);

/** The page that follows `index` rows; all sort in the order of their indexes. */
export const pageAfter = (index: number): Query => {
  if (index === 0) return { sort, limit: pageSize };
  const position = { key: new Date(timeOf(index - 1)).toISOString(), id: idOf(index - 1) };
  return { sort, limit: pageSize, after: position };
};
