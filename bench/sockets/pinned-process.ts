import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program on one processor of its own, that ends with its standard input, so also with this process. */
export interface PinnedProcess {
  readonly pid: number;
  /** The next line that it writes. Throws when it ends instead. */
  line(): Promise<string>;
  say(line: string): void;
  /** Closes its standard input; kills it when it is still there five seconds later. */
  end(): Promise<void>;
}

const patienceMs = 5_000;

/** Starts it. What it writes on standard error is shown. */
export const startPinned = async (processor: number, command: readonly string[]): Promise<PinnedProcess> => {
  const child = spawn('taskset', ['-c', String(processor), ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  let over = false;
  const gone = once(child, 'exit').then(([code]) => {
    over = true;
    return `ended with ${String(code)}`;
  });
  // A server that has ended does not listen.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    async line() {
      const read = await lines.next();
      if (read.done === true) throw new Error(`${command.join(' ')} ${await gone}`);
      return read.value;
    },
    say: (line) => void child.stdin.write(`${line}\n`),
    async end() {
      if (over) return;
      child.stdin.end();
      const kill = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await gone;
      clearTimeout(kill);
    },
  };
};
