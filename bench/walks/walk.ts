import type { Collection, Position } from '@simfleet/storage';
import { indexOf, pageSize, rows, type Row } from './data.ts';

/** How often a walk has met each of the rows that were there at its start. */
export interface Walk {
  readonly seen: Uint8Array;
  readonly seconds: number;
  /** Rows below this place were not reached: the walk goes from the newest to the oldest. 0 when it came to its end. */
  readonly reached: number;
}

/** Ids of the next page, newest first; null when there is none. */
export type NextPage = () => Promise<readonly string[] | null>;

/** Walks to the end, or for `mostSeconds`. */
export const walk = async (next: NextPage, mostSeconds = Infinity): Promise<Walk> => {
  const seen = new Uint8Array(rows);
  const started = performance.now();
  let reached = rows;
  for (;;) {
    const ids = await next();
    // As far apart as the pages of two requests: the writers are served in between.
    await new Promise((resolve) => setImmediate(resolve));
    const seconds = (performance.now() - started) / 1000;
    if (ids === null) return { seen, seconds, reached: 0 };
    const indexes = ids.map(indexOf).filter((index) => index !== null);
    for (const index of indexes) seen[index] = (seen[index] ?? 0) + 1;
    // Of rows whose key did not change the place is the index; a page is ordered, so its median is near where it stands whatever moved.
    reached = Math.min(reached, indexes.toSorted((a, b) => a - b)[indexes.length >> 1] ?? reached);
    if (seconds > mostSeconds) return { seen, seconds, reached: reached + 2 * pageSize };
  }
};

export const portPages = (listed: Collection<Row>): NextPage => {
  let after: Position | undefined;
  let more = true;
  return async () => {
    if (!more) return null;
    const start = after === undefined ? {} : { after };
    const page = await listed.query({
      sort: { field: 'createdAt', direction: 'descending' },
      limit: pageSize,
      ...start,
    });
    more = page.more;
    after = page.rows.at(-1)?.position;
    return page.rows.map(({ id }) => id);
  };
};

/** Of the steady rows that a walk has passed: how many it should have met, did not meet, and met again. */
export const judge = (
  { seen, reached }: Walk,
  isSteady: (index: number) => boolean,
): { readonly steady: number; readonly missed: number; readonly repeated: number } => {
  let [steady, missed, repeated] = [0, 0, 0];
  for (let index = reached; index < rows; index += 1) {
    if (!isSteady(index)) continue;
    steady += 1;
    if (seen[index] === 0) missed += 1;
    if ((seen[index] ?? 0) > 1) repeated += 1;
  }
  return { steady, missed, repeated };
};
