import { CommanderError } from 'commander';
import { errorCode, SimfleetError } from '@simfleet/contracts';
import type { ErrorCode } from '@simfleet/contracts';
import { pointerPath } from './connection/problem.ts';
import { exitForError } from './exit-codes.ts';
import type { ExitName } from './exit-codes.ts';
import { dotted } from './manifests/index.ts';
import type { Terminal } from './terminal.ts';

/** What to do next, where the error itself does not say so. */
const advice: Readonly<Partial<Record<ErrorCode, string>>> = {
  unauthenticated: 'Set SIMFLEET_TOKEN or run `simfleet login <address>`.',
  'job-not-over': 'Follow it with `simfleet watch`, or end it with `simfleet cancel`.',
  'port-in-use': 'Choose another with --port, or 0 for a free one.',
  'data-directory-held': 'Use the platform that runs there, stop it, or choose another --data-dir.',
};

/** `/spec/precision` of a body, `#query/limit` and `#header/If-Match` beside it. */
const place = (pointer: string): string => (pointer.startsWith('#') ? pointer.slice(1) : dotted(pointerPath(pointer)));

const lines = (error: SimfleetError): readonly string[] => {
  const [only, ...others] = error.mistakes;
  // The detail of a single mistake is that mistake: say it once, with its place in words.
  if (only !== undefined && others.length === 0 && error.detail === `${only.pointer}: ${only.detail}`) {
    return [`${place(only.pointer)}: ${only.detail}`];
  }
  const mistakes = error.mistakes.map(({ pointer, detail }) => `  ${place(pointer)}: ${detail}`);
  const hint = advice[error.code];
  const told = hint === undefined || error.detail.includes('simfleet ') ? [] : [hint];
  return [...error.detail.split('\n'), ...mistakes, ...told];
};

/** A reader that has gone away (`| head`) is no fault of anybody. */
export const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');

/** Tells what went wrong on standard error and answers how the command ends. */
export const tellFailure = async (terminal: Terminal, error: unknown): Promise<ExitName> => {
  if (terminal.interrupted.aborted) return 'interrupted';
  if (isClosedPipe(error)) return 'ok';
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 'ok' : 'badInput';
  const code = errorCode(error);
  if (code !== undefined && error instanceof SimfleetError) {
    const [first = '', ...rest] = lines(error);
    await terminal.stderr.write(`simfleet: ${[first, ...rest].join('\n')}\n`);
    return exitForError(code);
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  await terminal.stderr.write(`simfleet: something unexpected happened: ${text}\n`);
  return 'failed';
};
