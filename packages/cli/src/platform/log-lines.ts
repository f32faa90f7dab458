import { printable } from '../terminal.ts';

const WARNING = 40;
const levels: Readonly<Record<string, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 };

interface Entry {
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly err?: { readonly message?: unknown };
}

const entryOf = (line: string): Entry | undefined => {
  try {
    const parsed = JSON.parse(line) as unknown;
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
};

/** A line of the platform's log for a person, or undefined when it is not worth one: below a warning. */
export const warningText = (line: string): string | undefined => {
  const entry = entryOf(line);
  if (entry === undefined) return line === '' ? undefined : printable(line);
  const { level, msg, err } = entry;
  const severity = typeof level === 'number' ? level : (levels[String(level)] ?? 0);
  if (severity < WARNING) return undefined;
  const cause = typeof err?.message === 'string' && err.message !== msg ? ` (${err.message})` : '';
  return printable(`platform ${severity > WARNING ? 'error' : 'warning'}: ${String(msg)}${cause}`);
};
