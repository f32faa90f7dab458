import type { Page, PageTotal, Principal, TotalMode } from '@simfleet/contracts';
import type { Collection, Document, Filter, Position, QueryPage, Sort, Stored } from '@simfleet/storage';
import type { CursorCodec, CursorScope } from './cursor.ts';
import { wantedPage } from './list-query.ts';
import type { PageQuery, WantedPage } from './list-query.ts';
import { startOf } from './page-rules.ts';

export interface ListRequest<Doc extends Document, Item> {
  readonly codec: CursorCodec;
  readonly collection: Pick<Collection<Doc>, 'query' | 'count'>;
  /** Name of the list: cursors of one list are none of another. */
  readonly list: string;
  readonly query: PageQuery;
  /** What was asked for, for good: cursors are bound to it. */
  readonly filter?: Filter;
  /** What belongs to the list at this moment. It may differ from page to page of a walk, so cursors are not bound to it. */
  readonly within?: Filter;
  readonly sort: Sort;
  /** Who looks: cursors pass from hand to hand only together with the principal. */
  readonly principal: Principal;
  /** Rows of the page to its items, one each. */
  readonly show: (rows: readonly Stored<Doc>[]) => readonly Item[] | Promise<readonly Item[]>;
}

/** Where counting stops when a capped total is asked for. */
export const cappedTotal = 1000;

/** Where a cursor page starts. */
type From = ReturnType<CursorCodec['open']>;

/**
 * One page of a list. A cursor stands beside a row, not on a number: rows that come or go elsewhere neither repeat nor skip others. A
 * row whose sort key changes while someone pages may be seen twice or not at all. Numbered pages do shift when rows before them come or go;
 * they too carry the cursors beside their ends.
 * Throws `invalid-cursor` when the cursor is none of this list, filter, sort and principal, or has expired.
 */
export const readPage = async <Doc extends Document, Item>(request: ListRequest<Doc, Item>): Promise<Page<Item>> => {
  const { codec, filter, sort } = request;
  const scope: CursorScope = { list: request.list, filter: filter ?? null, sort, viewer: viewerOf(request.principal) };
  const wanted = wantedPage(request.query);
  const from = wanted.by === 'number' || wanted.cursor === null ? null : codec.open(scope, wanted.cursor);
  const [page, total] = await Promise.all([queryPage(request, wanted, from), countRows(request, request.query.total)]);
  const beyond = (direction: 'next' | 'prev'): string | null => {
    const position = edge(page, direction, wanted, from);
    return position === null ? null : codec.seal(scope, direction, position);
  };
  return {
    items: await request.show(page.rows),
    next: beyond('next'),
    prev: beyond('prev'),
    ...(wanted.by === 'number' ? { page: wanted.page, pageSize: wanted.limit } : {}),
    ...(total === null ? {} : { total }),
  };
};

const queryPage = <Doc extends Document>(
  { collection, filter, within, sort }: ListRequest<Doc, unknown>,
  wanted: WantedPage,
  from: From | null,
): Promise<QueryPage<Doc>> => {
  const rows = both(filter, within);
  return collection.query({
    sort,
    limit: wanted.limit,
    ...(rows === undefined ? {} : { filter: rows }),
    ...(wanted.by === 'number' ? { offset: startOf(wanted.page, wanted.limit) } : {}),
    ...(from === null ? {} : from.direction === 'next' ? { after: from.position } : { before: from.position }),
  });
};

const both = (filter: Filter | undefined, within: Filter | undefined): Filter | undefined => {
  if (filter === undefined || within === undefined) return filter ?? within;
  const parts = [filter, within].flatMap((part) => (part.op === 'and' ? part.all : [part]));
  return { op: 'and', all: parts };
};

const countRows = async <Doc extends Document>(
  { collection, filter, within }: ListRequest<Doc, unknown>,
  mode: TotalMode,
): Promise<PageTotal | null> => {
  const rows = both(filter, within);
  if (mode === 'none') return null;
  if (mode === 'exact') return { count: await collection.count(rows), exact: true };
  // One more than is told, to know whether there are more.
  const count = await collection.count(rows, cappedTotal + 1);
  return count > cappedTotal ? { count: cappedTotal, exact: false } : { count, exact: true };
};

/** The row beside which the neighbouring page starts; null where the list ends. */
const edge = (
  page: QueryPage<unknown>,
  direction: 'next' | 'prev',
  wanted: WantedPage,
  from: From | null,
): Position | null => {
  const walked = from?.direction ?? 'next';
  // Walking towards an end, `more` knows; behind us there is what we came from, or the pages of lower numbers.
  const behind = wanted.by === 'number' ? wanted.page > 1 : from !== null;
  if (!(direction === walked ? page.more : behind)) return null;
  return (direction === 'next' ? page.rows.at(-1) : page.rows[0])?.position ?? null;
};

const viewerOf = ({ id, customers }: Principal): string =>
  JSON.stringify([id, customers === '*' ? '*' : customers.toSorted()]);
