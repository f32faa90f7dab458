import { totalMode } from '@simfleet/contracts';
import type { TotalMode } from '@simfleet/contracts';
import type { Sort } from '@simfleet/storage';
import { z } from 'zod';
import {
  deepestStart,
  isPageNumber,
  isPageSize,
  pageLimit,
  pageNumberRule,
  pageSizeRule,
  startOf,
} from './page-rules.ts';

const onlyOnce = 'must be given once';

/** Digits and nothing else: no sign, blank, fraction or exponent. */
const wholeNumber = (rule: string, holds: (value: number) => boolean): z.ZodType<number, string> =>
  z
    .string({ error: ({ input }) => (Array.isArray(input) ? onlyOnce : rule) })
    .regex(/^[0-9]+$/, { error: rule, abort: true })
    .transform(Number)
    // Page numbers beyond 2^53 are whole too: they are too deep.
    .refine((value) => holds(Math.min(value, Number.MAX_SAFE_INTEGER)), rule);

/** The query parameters of every list; `defineList` adds sort and filters. What is out of range is a mistake, never changed silently. */
export const listQuery = z.strictObject({
  limit: wholeNumber(pageSizeRule, isPageSize)
    .optional()
    .describe(`Items on a page, 1 … ${pageLimit.max}; default ${pageLimit.default}.`),
  cursor: z
    .string({ error: onlyOnce })
    .min(1, 'must not be empty')
    .optional()
    .describe(
      '`next` or `prev` of another page of the same list, filter and sort. As fast at the end of a list as at its start.',
    ),
  page: wholeNumber(pageNumberRule, isPageNumber)
    .optional()
    .describe(
      `A page by its number, from 1, instead of \`limit\` and \`cursor\`: for people and small lists. It starts at most ${deepestStart} items into the list; a page past the end is empty.`,
    ),
  pageSize: wholeNumber(pageSizeRule, isPageSize)
    .optional()
    .describe(`Items on a numbered page, 1 … ${pageLimit.max}; default ${pageLimit.default}.`),
  total: totalMode
    .default('none')
    .describe('Rows of the whole list: `exact` reads all of them, `capped` stops at 1000, `none` does not count.'),
});

/** `sort=name` or `sort=-createdAt`: one of the fields, `-` for descending. */
export const sortQuery = (fields: readonly string[], fallback: string): z.ZodType<Sort, string | undefined> =>
  z
    .enum(fields.flatMap((field) => [field, `-${field}`]))
    .default(fallback)
    .transform((text): Sort =>
      text.startsWith('-')
        ? { field: text.slice(1), direction: 'descending' }
        : { field: text, direction: 'ascending' },
    );

/** Parameters of a page as they were asked for. */
export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly page?: number | undefined;
  readonly pageSize?: number | undefined;
  readonly total: TotalMode;
}

/** Which page is wanted: one beside a cursor (none = the first), or one by its number. */
export type WantedPage =
  | { readonly by: 'cursor'; readonly limit: number; readonly cursor: string | null }
  | { readonly by: 'number'; readonly page: number; readonly limit: number };

export const wantedPage = ({ limit, cursor, page, pageSize }: PageQuery): WantedPage =>
  page === undefined && pageSize === undefined
    ? { by: 'cursor', limit: limit ?? pageLimit.default, cursor: cursor ?? null }
    : { by: 'number', page: page ?? 1, limit: pageSize ?? pageLimit.default };

/** Mistakes of parameters that are good alone: both kinds of page at once, and a numbered page that starts too deep. */
export const pageQueryMistakes = (query: PageQuery): readonly { readonly name: string; readonly detail: string }[] => {
  const wanted = wantedPage(query);
  if (wanted.by === 'cursor') return [];
  const tooDeep = startOf(wanted.page, wanted.limit) > deepestStart;
  return [
    ...(query.cursor === undefined
      ? []
      : [{ name: 'cursor', detail: 'cannot go with page or pageSize: a page has a number or stands beside a cursor' }]),
    ...(query.limit === undefined ? [] : [{ name: 'limit', detail: 'cannot go with page: give pageSize instead' }]),
    ...(tooDeep ? [{ name: 'page', detail: depthHint }] : []),
  ];
};

const depthHint = `starts more than ${deepestStart} items into the list: go on from an earlier page with its "next" as cursor, which is as fast at any depth`;
