import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Terminal, TextOutput } from './terminal.ts';

/** What of the process the terminal is made from. */
export interface ProcessParts {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
  readonly env: Terminal['env'];
  readonly cwd: string;
  readonly home: string;
  readonly temporaryDirectory: string;
  readonly node: string;
  readonly interrupted: AbortSignal;
}

const outputOf = (stream: WriteStream): TextOutput => {
  // Faults come back through the callbacks of `write`.
  stream.on('error', () => undefined);
  return {
    isTTY: stream.isTTY,
    columns: () => (stream.isTTY ? stream.columns : 80),
    // Through a turn of the event loop: writing to a file or a pipe is synchronous, and signals must still be seen.
    write: (chunk) =>
      new Promise((resolve, reject) => {
        stream.write(chunk, (error) => (error ? reject(error) : setImmediate(resolve)));
      }),
  };
};

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACE = /[\u007f\b]/;

/** Reads a line that is not shown: the terminal gives each key as it comes and echoes nothing. */
const askSecret = (stdin: ReadStream, stderr: WriteStream, question: string): Promise<string | null> =>
  new Promise((resolve) => {
    let typed = '';
    const end = (answer: string | null): void => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      resolve(answer);
    };
    const onData = (data: Buffer): void => {
      for (const key of data.toString('utf8')) {
        if (key === '\r' || key === '\n') return end(typed);
        if (key === CTRL_C || key === CTRL_D) return end(null);
        typed = BACKSPACE.test(key) ? typed.slice(0, -1) : typed + key;
      }
    };
    stderr.write(question);
    stdin.setRawMode(true);
    stdin.on('data', onData);
    stdin.resume();
  });

const askOpenly = (stdin: ReadStream, stderr: WriteStream, question: string): Promise<string | null> =>
  new Promise((resolve) => {
    stderr.write(question);
    const lines = createInterface({ input: stdin });
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => resolve(null));
  });

/** The terminal of this process. */
export const processTerminal = ({ stdin, stdout, stderr, ...rest }: ProcessParts): Terminal => ({
  ...rest,
  stdout: outputOf(stdout),
  stderr: outputOf(stderr),
  stdin: {
    isTTY: stdin.isTTY,
    chunks: () => stdin,
    ask: (question, { secret }) => (secret ? askSecret : askOpenly)(stdin, stderr, question),
  },
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await wait(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
});
