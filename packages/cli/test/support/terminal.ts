import { runCommandLine } from '../../src/program.ts';
import type { Terminal, TextOutput } from '../../src/terminal.ts';

interface Given {
  readonly env?: Terminal['env'];
  /** What standard input holds; with `isTTY`, the answer to a question. */
  readonly input?: string | Uint8Array;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly cwd?: string;
  readonly home?: string;
  readonly temporaryDirectory?: string;
  readonly interrupted?: AbortSignal;
  readonly now?: () => number;
}

export interface RecordedTerminal extends Terminal {
  readonly said: () => { readonly stdout: string; readonly stderr: string };
}

const recorded = (isTTY: boolean, columns: number): TextOutput & { readonly text: () => string } => {
  const chunks: Buffer[] = [];
  return {
    isTTY,
    columns: () => columns,
    write: (chunk) => {
      chunks.push(Buffer.from(chunk));
      return Promise.resolve();
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
};

/** A terminal that remembers what was written. Waits pass at once unless the test says how time goes. */
export const recordedTerminal = (given: Given = {}): RecordedTerminal => {
  const { isTTY = false, columns = 80, input = '' } = given;
  const stdout = recorded(isTTY, columns);
  const stderr = recorded(isTTY, columns);
  return {
    stdout,
    stderr,
    stdin: {
      isTTY,
      chunks: async function* () {
        await Promise.resolve();
        yield Buffer.from(input);
      },
      ask: () => Promise.resolve(input === '' ? null : Buffer.from(input).toString('utf8')),
    },
    env: given.env ?? {},
    cwd: given.cwd ?? '/nowhere',
    home: given.home ?? '/nowhere',
    temporaryDirectory: given.temporaryDirectory ?? '/nowhere',
    node: process.execPath,
    now: given.now ?? (() => Date.now()),
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    interrupted: given.interrupted ?? new AbortController().signal,
    said: () => ({ stdout: stdout.text(), stderr: stderr.text() }),
  };
};

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process. */
export const simfleet = async (words: readonly string[], given: Given = {}): Promise<Ran> => {
  const terminal = recordedTerminal(given);
  const exit = await runCommandLine(words, terminal);
  return { exit, ...terminal.said() };
};
