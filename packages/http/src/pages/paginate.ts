import type { Page, Principal } from '@simfleet/contracts';
import type { Collection, Document, Filter, Position, QueryPage, Sort, Stored } from '@simfleet/storage';
import { z } from 'zod';
import type { Answer } from '../routes/route.ts';
import type { CursorCodec, CursorScope } from './cursor.ts';

/** Default and greatest number of items on a page. */
export const pageLimit = { default: 50, max: 1000 } as const;

/** The query parameters of every list; extend it with the list's own filters. A limit out of range is a mistake, not changed silently. */
export const listQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^[0-9]+$/, `must be a whole number, 1 … ${pageLimit.max}`)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= pageLimit.max, `must be 1 … ${pageLimit.max}`)
    .default(pageLimit.default)
    .describe(`Items on a page, 1 … ${pageLimit.max}; default ${pageLimit.default}.`),
  cursor: z.string().min(1).optional().describe('`next` or `prev` of another page of the same list, filter and sort.'),
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

export interface ListRequest<Doc extends Document, Item> {
  readonly codec: CursorCodec;
  readonly collection: Pick<Collection<Doc>, 'query'>;
  /** Name of the list: cursors of one list are none of another. */
  readonly list: string;
  readonly query: { readonly limit: number; readonly cursor?: string | undefined };
  readonly filter?: Filter;
  readonly sort: Sort;
  /** Who looks: cursors pass from hand to hand only together with the principal. */
  readonly principal: Principal;
  /** Row to item. */
  readonly show: (row: Stored<Doc>) => Item;
}

/**
 * One page of a list. A cursor stands beside a row, not on a number: rows that come or go elsewhere neither repeat nor skip others. A
 * row whose sort key changes while someone pages may be seen twice or not at all.
 * Throws `invalid-cursor` when the cursor is none of this list, filter, sort and principal, or has expired.
 */
export const paginate = async <Doc extends Document, Item>(request: ListRequest<Doc, Item>): Promise<Page<Item>> => {
  const { codec, collection, query, filter, sort, show } = request;
  const scope: CursorScope = { list: request.list, filter: filter ?? null, sort, viewer: viewerOf(request.principal) };
  const from = query.cursor === undefined ? null : codec.open(scope, query.cursor);
  const page = await collection.query({
    sort,
    limit: query.limit,
    ...(filter === undefined ? {} : { filter }),
    ...(from === null ? {} : from.direction === 'next' ? { after: from.position } : { before: from.position }),
  });
  const beyond = (direction: 'next' | 'prev'): string | null => {
    const position = edge(page, direction, from);
    return position === null ? null : codec.seal(scope, direction, position);
  };
  return { items: page.rows.map((row) => show(row)), next: beyond('next'), prev: beyond('prev') };
};

/** The row beside which the neighbouring page starts; null where the list ends. */
const edge = (
  page: QueryPage<unknown>,
  direction: 'next' | 'prev',
  from: { readonly direction: 'next' | 'prev'; readonly position: Position } | null,
): Position | null => {
  const walked = from?.direction ?? 'next';
  // Walking towards an end, `more` knows; behind us there is what we came from.
  if (direction === walked ? !page.more : from === null) return null;
  return (direction === 'next' ? page.rows.at(-1) : page.rows[0])?.position ?? null;
};

const viewerOf = ({ id, customers }: Principal): string =>
  JSON.stringify([id, customers === '*' ? '*' : customers.toSorted()]);

/** 200 with the page, and its neighbours as `Link` headers (RFC 8288). `url` is the request's own. */
export const answerPage = (url: string, page: Page<unknown>): Answer => {
  const links = (['next', 'prev'] as const).flatMap((rel) => {
    const cursor = page[rel];
    return cursor === null ? [] : [`<${withCursor(url, cursor)}>; rel="${rel}"`];
  });
  return { status: 200, body: page, ...(links.length === 0 ? {} : { headers: { link: links.join(', ') } }) };
};

const withCursor = (url: string, cursor: string): string => {
  const [path = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `${path}?${parameters.toString()}`;
};
