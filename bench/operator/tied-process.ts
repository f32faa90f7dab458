import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A process that ends with this one, also when this one is killed. */
export interface TiedProcess {
  readonly pid: number;
  /** The end of what it wrote on standard error. */
  log(): string;
  /** SIGTERM, SIGKILL ten seconds later; answers the exit code. */
  stop(): Promise<number | null>;
}

const patienceMs = 10_000;
const logLength = 4000;

/**
 * Starts a program and resolves when `isReady` takes a line of its standard output or error. Throws what it wrote when it ends before, or after a minute.
 */
export const startTied = async (
  command: readonly string[],
  isReady: (line: string) => boolean,
  variables: Readonly<Record<string, string>> = {},
): Promise<TiedProcess> => {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...variables } });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  // It reads until this process is gone.
  const guard = spawn('sh', ['-c', 'cat; kill -KILL "$1"', 'guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const gone = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => {
      guard.kill('SIGKILL');
      resolve(code);
    }),
  );
  let log = '';
  const ready = new Promise<true>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log = `${log}${line}\n`.slice(-logLength);
        if (isReady(line)) resolve(true);
      });
    }
  });
  const late = AbortSignal.timeout(60_000);
  const tooLate = once(late, 'abort').then(() => 'was not ready within a minute');
  const outcome = await Promise.race([ready, tooLate, gone.then((code) => `ended with ${code}`)]);
  const stop = async (): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill('SIGTERM');
    const killed = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    const code = await gone;
    clearTimeout(killed);
    return code;
  };
  if (outcome !== true) {
    await stop();
    throw new Error(`${command.join(' ')} ${outcome}:\n${log}`);
  }
  return { pid, log: () => log, stop };
};

/** What Linux says of a process. */
export interface ProcessFigures {
  /** Processor time in user and kernel mode since its start, in seconds, to 10 ms. */
  readonly processorSeconds: number;
  /** Memory it occupies, in MiB. */
  readonly residentMiB: number;
}

/** Of `/proc`, in ticks of 10 ms (USER_HZ, the same on every Linux). */
export const figuresOf = (pid: number): ProcessFigures => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before may hold spaces. Fields 14 and 15 of proc(5), the third is the first behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, kernel] = [Number(fields[11]), Number(fields[12])];
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { processorSeconds: (user + kernel) / 100, residentMiB: Number(resident) / 1024 };
};
