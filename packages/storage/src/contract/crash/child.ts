import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Scenario = 'write' | 'die-before-publish' | 'die-after-effect';

/** A process to be killed. Its lines end when it has ended. */
export interface Child {
  readonly lines: AsyncIterable<string>;
  /** SIGKILL: the process gets no chance to tidy up. */
  kill(): void;
}

export const startChild = (scenario: Scenario, opener: string, directory: string): Child => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, scenario, opener, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = async function* (): AsyncGenerator<string> {
    yield* createInterface({ input: child.stdout });
    await ended;
  };
  return { lines: lines(), kill: () => void child.kill('SIGKILL') };
};
