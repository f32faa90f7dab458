import { stringify } from 'yaml';
import { SimfleetError } from '@simfleet/contracts';
import { didYouMean } from '../did-you-mean.ts';
import type { Terminal } from '../terminal.ts';

export const outputFormats = ['table', 'json', 'yaml', 'name'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** The form that was asked for. Throws `invalid-request` that names where it was asked. */
export const outputFormat = (typed: string, origin: string): OutputFormat => {
  const format = outputFormats.find((each) => each === typed);
  if (format !== undefined) return format;
  const guess = didYouMean(typed, outputFormats);
  throw new SimfleetError('invalid-request', `${origin}: must be ${outputFormats.join(', ')}, not "${typed}"${guess}`);
};

/** One thing in all its forms; the longer ones are made only when asked for. */
export interface Printable {
  readonly document: unknown;
  readonly names: readonly string[];
  table(): string;
}

const text = ({ document, names, table }: Printable, format: OutputFormat): string => {
  switch (format) {
    case 'json':
      return `${JSON.stringify(document, null, 2)}\n`;
    case 'yaml':
      return stringify(document, { lineWidth: 0 });
    case 'name':
      return names.map((name) => `${name}\n`).join('');
    case 'table':
      return table();
  }
};

/** Writes a result to standard output: exactly one document for json and yaml, and nothing else. */
export const print = (terminal: Terminal, format: OutputFormat, printable: Printable): Promise<void> =>
  terminal.stdout.write(text(printable, format));
