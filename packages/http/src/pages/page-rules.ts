import type { Mistake } from '@simfleet/contracts';

/** Default and greatest number of items on a page. */
export const pageLimit = { default: 50, max: 1000 } as const;

/** How far into a list a numbered page may start: the store reads and drops every row before it, so a far page costs more than a near one. */
export const deepestStart = 10_000;

export const isPageSize = (size: number): boolean => Number.isInteger(size) && size >= 1 && size <= pageLimit.max;
export const isPageNumber = (page: number): boolean => Number.isSafeInteger(page) && page >= 1;
export const pageSizeRule = `must be a whole number, 1 … ${pageLimit.max}`;
export const pageNumberRule = 'must be a whole number, at least 1';

/** Items before the page. */
export const startOf = (page: number, size: number): number => (page - 1) * size;

/** Number of the last page with items; 1 for an empty list, which has one empty page. */
export const lastPageOf = (count: number, size: number): number => Math.max(1, Math.ceil(count / size));

/** What is wrong with a page of this number and size; nothing = they are good. */
export const pageMistakes = (page: number, size: number): readonly Mistake[] => [
  ...(isPageNumber(page) ? [] : [{ pointer: '#query/page', detail: pageNumberRule }]),
  ...(isPageSize(size) ? [] : [{ pointer: '#query/pageSize', detail: pageSizeRule }]),
];
