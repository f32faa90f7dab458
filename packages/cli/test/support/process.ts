import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export const launcher = fileURLToPath(new URL('../../bin/simfleet.js', import.meta.url));

/** A command that runs as a process of its own, as people start it. */
export interface Started {
  readonly child: ChildProcessByStdio<Writable, Readable | null, Readable>;
  readonly output: { stdout: string; stderr: string };
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
  /** Open file that takes standard output, instead of `output.stdout`. */
  readonly file?: number;
}

/** Ended with the test at the latest. */
export const start = (
  t: { after(cleanUp: () => void): void },
  words: readonly string[],
  { cwd, env = {}, nodeFlags = [], file }: StartOptions = {},
): Started => {
  const { SIMFLEET_URL: _url, SIMFLEET_TOKEN: _token, ...inherited } = process.env;
  const child = spawn(process.execPath, [...nodeFlags, launcher, ...words], {
    cwd: cwd ?? process.cwd(),
    env: { ...inherited, ...env },
    stdio: ['pipe', file ?? 'pipe', 'pipe'],
  }) as Started['child'];
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code ?? 'no code')),
  );
  t.after(() => void child.kill('SIGKILL'));
  return { child, output, ended };
};

/** Runs a command to its end. */
export const run = async (...given: Parameters<typeof start>) => {
  const { child, output, ended } = start(...given);
  child.stdin.end();
  return { exit: await ended, ...output };
};
