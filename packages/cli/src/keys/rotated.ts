import type { CursorKeyLine } from '@simfleet/contracts';

/** Cursors live three days, rounded up to an hour. */
const cursorLifetimeMs = 73 * 3_600_000;

/**
 * The lines with a new key in front that makes cursors from `from` on. Keys whose last cursor has expired go; those that still have cursors out
 * stay, so that nobody's paging breaks off.
 */
export const rotated = (
  lines: readonly CursorKeyLine[],
  { secret, from, now }: { readonly secret: string; readonly from: number; readonly now: number },
): readonly CursorKeyLine[] => {
  const byAge = lines.toSorted((a, b) => b.from - a.from);
  const kept = byAge.filter((_line, index) => {
    const successor = byAge[index - 1];
    return successor === undefined || successor.from + cursorLifetimeMs > now;
  });
  return [{ id: freeId(kept), secret, from }, ...kept];
};

/** The id after that of the newest key, going round after 255. */
const freeId = (lines: readonly CursorKeyLine[]): number => {
  const taken = new Set(lines.map(({ id }) => id));
  let id = ((lines[0]?.id ?? 0) + 1) % 256;
  while (taken.has(id)) id = (id + 1) % 256;
  return id;
};
