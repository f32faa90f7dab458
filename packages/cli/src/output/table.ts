import { printable } from '../terminal.ts';

/** Space between two columns. */
const GAP = '   ';

interface TableOptions {
  /** Columns set flush right: numbers. */
  readonly right?: readonly number[];
}

/** Signs, not UTF-16 units: everything we print is one cell wide. */
const width = (text: string): number => [...text].length;

/** Rows under a heading, columns as wide as their widest cell, no line ends with blanks. */
export const table = (
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  { right = [] }: TableOptions = {},
): string => {
  const cells = [heading, ...rows].map((row) => row.map((cell) => printable(cell).replaceAll('\n', ' ')));
  const widths = heading.map((_name, column) => Math.max(...cells.map((row) => width(row[column] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const space = ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
        return right.includes(column) ? space + cell : cell + space;
      })
      .join(GAP)
      .trimEnd();
  return cells.map((row) => `${line(row)}\n`).join('');
};

/** Names and values below each other; rows without a value are left out, values of several lines stay under theirs. */
export const facts = (rows: readonly (readonly [string, string | null | undefined])[]): string => {
  const filled = rows.filter((row): row is readonly [string, string] => (row[1] ?? '') !== '');
  const left = Math.max(0, ...filled.map(([name]) => width(name))) + GAP.length;
  return filled
    .map(([name, value]) => {
      const [first = '', ...rest] = printable(value).split('\n');
      const more = rest.map((each) => `${' '.repeat(left)}${each}\n`).join('');
      return `${name}${' '.repeat(left - width(name))}${first}\n${more}`;
    })
    .join('');
};
