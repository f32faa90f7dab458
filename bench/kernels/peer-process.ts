import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Answer {
  readonly seconds: number;
  readonly value: number;
  readonly standardError: number;
}

/** A program that answers lines "<task> <first path> <paths>" with "<seconds> <value> <standard error>", on one core. */
export interface PeerProcess {
  run(task: string, first: number, paths: number): Promise<Answer>;
  stop(): void;
}

export const startPeer = (command: readonly string[]): PeerProcess => {
  const [program = '', ...rest] = command;
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    run: async (task, first, paths) => {
      child.stdin.write(`${task} ${first} ${paths}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${command.join(' ')} ended instead of answering`);
      const [seconds = NaN, result = NaN, standardError = NaN] = value.split(' ').map(Number);
      return { seconds, value: result, standardError };
    },
    stop: () => child.stdin.end(),
  };
};
