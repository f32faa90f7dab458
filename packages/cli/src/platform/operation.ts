import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { SimfleetError } from '@simfleet/contracts';
import type { Terminal } from '../terminal.ts';
import { warningText } from './log-lines.ts';
import { endError, environmentOf, LAST_LINES, tether } from './start.ts';

const operationMain = fileURLToPath(new URL('../../../../services/all-in-one/src/backup-main.ts', import.meta.url));

/** Records by kind. */
export interface RecordCounts {
  readonly collections: number;
  readonly documents: number;
  readonly events: number;
  readonly streams: number;
  readonly entries: number;
}

/** How far an operation is. */
export interface OperationProgress {
  readonly phase: string;
  readonly counts: RecordCounts;
  /** How many records there will be, where that is known. */
  readonly of?: RecordCounts;
}

/** What an operation did. */
export interface OperationSummary {
  readonly file: string | null;
  readonly bytes: number | null;
  readonly header: { readonly platform: string; readonly store: string; readonly created: string };
  readonly counts: RecordCounts;
  readonly content: string;
  readonly sha256: string;
  readonly into?: string;
}

export interface Operation {
  readonly terminal: Terminal;
  readonly flags: readonly string[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  onProgress(progress: OperationProgress): void;
}

interface Line {
  readonly progress?: OperationProgress;
  readonly summary?: OperationSummary;
}

const lineOf = (text: string): Line => {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return {};
  }
};

/**
 * Runs work on a store to its end, in a process of the platform. What it writes to standard output goes to that of the command. Throws what it
 * reports, or the reason of `terminal.interrupted` after it has ended.
 */
export const runOperation = async (operation: Operation): Promise<OperationSummary> => {
  const { terminal, flags, variables, onProgress } = operation;
  const child = spawn(terminal.node, ['--import', tether, operationMain, '--log-level', 'info', ...flags], {
    cwd: terminal.cwd,
    // The command's log level is the command's: progress comes as entries of the log.
    env: environmentOf(terminal.env, { ...variables, SIMFLEET_LOG_LEVEL: undefined, SIMFLEET_LOG_PRETTY: undefined }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  }) as ChildProcessByStdio<null, Readable, Readable>;
  const last: string[] = [];
  let summary: OperationSummary | undefined;
  createInterface({ input: child.stderr }).on('line', (text) => {
    const line = lineOf(text);
    if (line.progress !== undefined) return onProgress(line.progress);
    if (line.summary !== undefined) return void (summary = line.summary);
    const warning = warningText(text);
    if (warning !== undefined) void terminal.stderr.write(`${warning}\n`).catch(() => undefined);
    last.push(text);
    if (last.length > LAST_LINES) last.shift();
  });
  const ended = new Promise<SimfleetError>((resolve) => {
    child.once('error', (cause) =>
      resolve(new SimfleetError('internal', `the work cannot be started: ${cause.message}`, { cause })),
    );
    child.once('close', (code, signal) => resolve(endError(code, signal, last)));
  });
  const stop = (): void => void child.kill('SIGTERM');
  terminal.interrupted.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of child.stdout as AsyncIterable<Uint8Array>) await terminal.stdout.write(chunk);
  } catch (error) {
    stop();
    await ended;
    throw error;
  } finally {
    terminal.interrupted.removeEventListener('abort', stop);
  }
  const error = await ended;
  if (summary !== undefined) return summary;
  throw terminal.interrupted.aborted ? terminal.interrupted.reason : error;
};
