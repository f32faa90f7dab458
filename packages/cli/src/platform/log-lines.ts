import { errorTable } from '@simfleet/contracts';
import type { ErrorCode } from '@simfleet/contracts';
import { printable } from '../terminal.ts';

const WARNING = 40;
const levels: Readonly<Record<string, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 };

interface Entry {
  readonly level?: unknown;
  readonly message?: unknown;
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

/** The line `name: code: what happened` by which the platform says why it cannot start. */
export const startFault = (line: string): { readonly code: ErrorCode; readonly detail: string } | undefined => {
  const [, code = '', detail = ''] = /^[\w-]+: ([a-z-]+): (.*)$/.exec(line) ?? [];
  return Object.hasOwn(errorTable, code) ? { code: code as ErrorCode, detail } : undefined;
};

/** A line of the platform's log for a person, or undefined when it is not worth one: below a warning, or an error that is told at the end. */
export const warningText = (line: string): string | undefined => {
  const entry = entryOf(line);
  if (entry === undefined) return line === '' || startFault(line) !== undefined ? undefined : printable(line);
  const { level, message, err } = entry;
  const severity = typeof level === 'number' ? level : (levels[String(level)] ?? 0);
  if (severity < WARNING) return undefined;
  const cause = typeof err?.message === 'string' && err.message !== message ? ` (${err.message})` : '';
  return printable(`platform ${severity > WARNING ? 'error' : 'warning'}: ${String(message)}${cause}`);
};
