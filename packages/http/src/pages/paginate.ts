import { SimfleetError } from '@simfleet/contracts';
import { lastPageOf, pageMistakes, startOf } from './page-rules.ts';

/** One numbered page of a list in memory. */
export interface NumberedPage<Item> {
  readonly items: readonly Item[];
  /** From 1. */
  readonly page: number;
  /** As asked for; the last page may hold fewer items. */
  readonly pageSize: number;
  readonly total: { readonly count: number; readonly exact: true };
  /** Number of the last page with items; 1 for an empty list. */
  readonly lastPage: number;
}

/**
 * Page `page` (from 1) of `size` items (1 … 1000) of a list in memory, by the rules of numbered pages over HTTP, but as deep as the list goes.
 * The last page may hold fewer items; a page past the end is empty and no error, as items may go while someone pages; an empty list has one
 * empty page. Throws `invalid-request`, naming `page` or `pageSize`, for 0, negative numbers, fractions, NaN and sizes over the greatest.
 */
export const paginate = <Item>(items: readonly Item[], page: number, size: number): NumberedPage<Item> => {
  const mistakes = pageMistakes(page, size);
  const [first] = mistakes;
  if (first !== undefined)
    throw new SimfleetError('invalid-request', `${first.pointer}: ${first.detail}`, { mistakes });
  const start = startOf(page, size);
  return {
    items: items.slice(start, start + size),
    page,
    pageSize: size,
    total: { count: items.length, exact: true },
    lastPage: lastPageOf(items.length, size),
  };
};
