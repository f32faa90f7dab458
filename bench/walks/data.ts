import type { CollectionDeclaration } from '@simfleet/storage';

export const rows = 1_000_000;
export const pageSize = 1000;

/** Times have microseconds, as those of PostgreSQL do, and twenty rows share each millisecond. */
export interface Row {
  readonly customer: string;
  readonly createdAt: string;
  readonly note: string;
}

export const unsorted = {
  name: 'walked',
  fields: { createdAt: { path: ['createdAt'], type: 'time' } },
  sorts: [],
} as const satisfies CollectionDeclaration;

/** Declared once the rows are in, so that the index is built in one go. */
export const sorted = { ...unsorted, sorts: ['createdAt'] } as const satisfies CollectionDeclaration;

export const startMs = Date.parse('2026-01-01T00:00:00.000Z');
export const stepMicroseconds = 50;

export const timeOf = (index: number): string => {
  const microseconds = index * stepMicroseconds;
  const time = new Date(startMs + Math.floor(microseconds / 1000)).toISOString();
  return `${time.slice(0, -1)}${String(microseconds % 1000).padStart(3, '0')}Z`;
};

export const idOf = (index: number): string => `row-${String(index).padStart(7, '0')}`;
/** Null for rows that were inserted during the walk. */
export const indexOf = (id: string): number | null => (id.startsWith('row-') ? Number(id.slice(4)) : null);

export const rowOf = (index: number, note = ''): Row => ({ customer: 'acme', createdAt: timeOf(index), note });
