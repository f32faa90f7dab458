import type { Page } from '@simfleet/contracts';
import type { Answer } from '../routes/route.ts';
import { deepestStart, lastPageOf, startOf } from './page-rules.ts';

type Relation = 'first' | 'prev' | 'next' | 'last';
type Parameters = Readonly<Record<string, string | number | null>>;

/**
 * 200 with the page, and its neighbours as `Link` headers (RFC 8288) with the other parameters kept. `url` is the request's own. `first` is
 * there on all pages but the first; `last` on numbered pages whose exact total was asked for, if it can be reached by number.
 */
export const answerPage = (url: string, page: Page<unknown>): Answer => {
  const links = Object.entries(page.page === undefined ? cursorLinks(url, page) : numberLinks(page)).map(
    ([relation, parameters]) => `<${withParameters(url, parameters)}>; rel="${relation}"`,
  );
  return { status: 200, body: page, ...(links.length === 0 ? {} : { headers: { link: links.join(', ') } }) };
};

const cursorLinks = (url: string, { next, prev }: Page<unknown>): Partial<Record<Relation, Parameters>> => ({
  ...(parametersOf(url).has('cursor') ? { first: { cursor: null } } : {}),
  ...(prev === null ? {} : { prev: { cursor: prev } }),
  ...(next === null ? {} : { next: { cursor: next } }),
});

const numberLinks = ({ page = 1, pageSize = 1, next, total }: Page<unknown>): Partial<Record<Relation, Parameters>> => {
  const numbered = (number: number): Parameters => ({ page: number, pageSize });
  const reachable = (number: number): boolean => startOf(number, pageSize) <= deepestStart;
  const last = total?.exact === true ? lastPageOf(total.count, pageSize) : null;
  // Past the end the page before this one may be empty too: the last one is meant.
  const before = Math.min(page - 1, last ?? page - 1);
  // Where the numbers end, the cursor goes on.
  const after: Parameters = reachable(page + 1)
    ? numbered(page + 1)
    : { page: null, pageSize: null, limit: pageSize, cursor: next };
  return {
    ...(page > 1 ? { first: numbered(1), prev: numbered(before) } : {}),
    ...(next === null ? {} : { next: after }),
    ...(last !== null && last !== page && reachable(last) ? { last: numbered(last) } : {}),
  };
};

const parametersOf = (url: string): URLSearchParams => new URLSearchParams(url.split('?', 2)[1] ?? '');

const withParameters = (url: string, changes: Parameters): string => {
  const parameters = parametersOf(url);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) parameters.delete(name);
    else parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `${url.split('?', 1)[0] ?? ''}${text === '' ? '' : `?${text}`}`;
};
