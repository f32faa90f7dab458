import { SimfleetError } from './errors.ts';

/** One line of a file of cursor keys. */
export interface CursorKeyLine {
  /** 0 … 255. */
  readonly id: number;
  /** At least 32 bytes in base64url. */
  readonly secret: string;
  /** Milliseconds since 1970 from which on the key makes cursors; 0 = always. It opens them as soon as it is read. */
  readonly from: number;
}

const lineForm = /^(\d{1,3})\s+([A-Za-z0-9_-]{43,})(?:\s+(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z))?$/;

/**
 * The lines of a file of cursor keys: `<id> <secret> [<from, as RFC 3339 UTC>]`, newest first. Throws `invalid-configuration` that names the
 * line, for two lines of one id, and for a file without any.
 */
export const readCursorKeyLines = (text: string): readonly CursorKeyLine[] => {
  const lines = text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [keyOfLine(line, index + 1)]));
  if (lines.length === 0) throw wrong('holds no key');
  if (new Set(lines.map(({ id }) => id)).size < lines.length) throw wrong('holds two keys of the same id');
  return lines;
};

export const writeCursorKeyLines = (lines: readonly CursorKeyLine[]): string =>
  lines
    .map(({ id, secret, from }) => `${id} ${secret}${from === 0 ? '' : ` ${new Date(from).toISOString()}`}\n`)
    .join('');

const keyOfLine = (line: string, number: number): CursorKeyLine => {
  const [, id, secret, from] = lineForm.exec(line.trim()) ?? [];
  const time = from === undefined ? 0 : Date.parse(from);
  if (id !== undefined && secret !== undefined && Number(id) <= 255 && !Number.isNaN(time)) {
    return { id: Number(id), secret, from: time };
  }
  throw wrong(
    `line ${number}: must be an id (0 … 255), at least 32 bytes in base64url, and the time from which the key is used, if any`,
  );
};

const wrong = (detail: string): SimfleetError => new SimfleetError('invalid-configuration', detail);
