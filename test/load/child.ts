import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';

/** What a child is given between the polite signal and the other one, in milliseconds: modules of the platform have 20 s each. */
const patienceMs = 30_000;

/** A process in a group of its own: Ctrl-C in a terminal reaches whoever started it, and it ends when that has decided so. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, and SIGKILL if that is not enough; resolves when it is gone. Idempotent. */
  stop(): Promise<void>;
  /** A signal to it and to the processes that it started. */
  signal(signal: NodeJS.Signals): void;
}

/** Waits for the end of a pipe, which comes with the death of this process, however it dies, and then ends the group. */
const guard = 'cat >/dev/null; kill -s TERM -- "-$1" 2>/dev/null || exit; sleep 5; kill -s KILL -- "-$1" 2>/dev/null';

/** Starts a process that cannot outlive this one. */
export const startChild = async (
  command: readonly string[],
  { env, stdio }: { readonly env: NodeJS.ProcessEnv; readonly stdio: StdioOptions },
): Promise<Child> => {
  const [program = '', ...words] = command;
  const child = spawn(program, words, { env, stdio, detached: true });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const guarding = spawn('/bin/sh', ['-c', guard, 'guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guarding.unref();
  (guarding.stdin as unknown as { unref(): void }).unref();
  let isOver = false;
  const ended = once(child, 'exit').then(([code]) => {
    isOver = true;
    guarding.kill('SIGKILL');
    return code as number | null;
  });
  const signal = (which: NodeJS.Signals): void => {
    if (!isOver) process.kill(-pid, which);
  };
  return {
    ...{ process: child, pid, ended, signal },
    async stop() {
      if (isOver) return;
      // It alone: a platform ends its shards itself.
      child.kill('SIGTERM');
      const late = setTimeout(() => signal('SIGKILL'), patienceMs);
      await ended;
      clearTimeout(late);
    },
  };
};
