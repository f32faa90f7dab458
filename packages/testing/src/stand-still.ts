import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isAlive } from './is-alive.ts';

const limitMs = 10_000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Whether every thread is stopped or gone (`proc_pid_stat(5)`, field 3, behind the name in parentheses). */
const stands = (pid: number): boolean => {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      const line = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return 'TtZX'.includes(line.charAt(line.lastIndexOf(')') + 2));
    });
  } catch {
    // It, or a thread of it, ended while we looked: look again, unless nothing is left.
    return !isAlive(pid);
  }
};

/** Sends SIGSTOP; whether there was somebody to get it. */
const hasTaken = (pid: number): boolean => {
  try {
    return process.kill(pid, 'SIGSTOP');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
};

/**
 * SIGSTOP, and blocks until the process stands: `kill` only asks, and on a busy machine the threads of a server go on answering until one of them was
 * scheduled to take the signal. Throws when it does not stand within 10 s. A process that is gone stands.
 */
export const standStill = ({ pid }: Pick<ChildProcess, 'pid'>): void => {
  if (pid === undefined) throw new Error('a process that never started cannot be stopped');
  if (!hasTaken(pid)) return;
  const end = performance.now() + limitMs;
  while (!stands(pid)) {
    if (performance.now() > end) throw new Error(`process ${pid} did not stop within ${limitMs} ms of SIGSTOP`);
    Atomics.wait(sleeper, 0, 0, 1);
  }
};
