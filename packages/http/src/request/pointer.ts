/** One step of a JSON pointer (RFC 6901), escaped. */
export const pointerStep = (step: PropertyKey): string =>
  `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Where a shape applies: the body, or a named part of the request. */
export type RequestPart = 'body' | 'query' | 'header' | 'path';

/** `/spec/seed` in the body, `#query/limit`, `#header/If-Match`, `#path/id` elsewhere. */
export const pointerOf = (part: RequestPart, path: readonly PropertyKey[]): string => {
  if (part === 'body') return path.map(pointerStep).join('');
  const [first = '', ...rest] = path.map(String);
  const name = part === 'header' ? headerName(first) : first;
  return `#${part}${[name, ...rest].map(pointerStep).join('')}`;
};

/** `if-match` as people write it: `If-Match`. */
const headerName = (name: string): string => name.replaceAll(/(^|-)[a-z]/g, (start) => start.toUpperCase());
