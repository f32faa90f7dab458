import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { isAlive } from './is-alive.ts';
import { standStill } from './stand-still.ts';

/**
 * Runs a server and outlives the test: whatever ends the test process, kill -9 included, closes the pipe, and then the server, each process
 * that it started, and its directory go too. A line instead of the end of the pipe keeps the directory, for a restart. The server is
 * stopped before its children are listed, so that it starts no more; backends that are still there would keep the next server from its memory.
 */
const guard = `
directory=$1; shift
"$@" </dev/null 1>&2 & server=$!
echo "$server"
if read -r _; then keep=yes; fi
kill -STOP "$server" 2>/dev/null
children=$(cat "/proc/$server/task/$server/children" 2>/dev/null)
kill -KILL $children "$server" 2>/dev/null
for child in $children; do
  tries=0
  while grep -q '^State:.[^ZX]' "/proc/$child/status" 2>/dev/null && [ $tries -lt 500 ]; do sleep 0.01; tries=$((tries + 1)); done
done
wait "$server" 2>/dev/null
[ "$keep" ] || rm -rf "$directory"
`;

/** A running server and its guard. */
export interface GuardedServer {
  readonly pid: number;
  /** Whether the process is still there. */
  alive(): boolean;
  /** SIGKILL to the server and every process of it; resolves when all are gone. With `removing`, its directory goes too. Idempotent. */
  kill(removing: boolean): Promise<void>;
  /** SIGSTOP to the server and then to the processes that it started; all stand when it returns. */
  pause(): void;
  /** SIGCONT to the same. */
  resume(): void;
}

const childrenOf = (pid: number): readonly number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

const goOn = (pid: number): void => {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended meanwhile.
  }
};

const firstLine = async (guarding: ChildProcess): Promise<string> => {
  if (guarding.stdout === null) throw new Error('the guard has no output');
  const [chunk] = (await once(guarding.stdout, 'data')) as [Buffer];
  return chunk.toString().trim();
};

/** Starts `command` below a guard. Its output goes to `logFile`. */
export const startGuarded = async (
  directory: string,
  logFile: string,
  command: readonly string[],
): Promise<GuardedServer> => {
  const log = openSync(logFile, 'a');
  const guarding = spawn('/bin/sh', ['-c', guard, 'guard', directory, ...command], {
    stdio: ['pipe', 'pipe', log],
    cwd: '/',
    // A group of its own: Ctrl-C in the terminal ends the tests first, and the pipe then tells the guard.
    detached: true,
  });
  closeSync(log);
  const ended = once(guarding, 'exit');
  const pid = Number(await firstLine(guarding));
  guarding.unref();
  (guarding.stdout as unknown as { unref(): void }).unref();
  (guarding.stdin as unknown as { unref(): void }).unref();
  return {
    pid,
    alive: () => isAlive(pid),
    async kill(removing) {
      guarding.ref();
      if (removing) guarding.stdin?.end();
      else guarding.stdin?.end('keep\n');
      await ended;
    },
    pause() {
      for (const each of [pid, ...childrenOf(pid)]) standStill({ pid: each });
    },
    resume() {
      for (const each of [pid, ...childrenOf(pid)]) goOn(each);
    },
  };
};
