import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { standStill } from '@simfleet/testing';

const entry = fileURLToPath(new URL('../../services/all-in-one/src/main.ts', import.meta.url));

/** Longest time from SIGTERM to the end, in milliseconds: modules have 20 s each, and only what hangs takes that. */
const stopLimitMs = 60_000;

/** A process of the platform, whichever services it runs. */
export interface ServiceProcess {
  readonly url: string;
  readonly socketsUrl: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** The name under which it holds leases. */
  readonly memberId: string;
  /** Pids of the shard processes that live right now. */
  shardPids(): readonly number[];
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL to the process alone; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: it is there and does nothing. */
  pause(): void;
  resume(): void;
  /** What it logged. */
  log(): string;
}

export interface PlatformProcess extends ServiceProcess {
  readonly token: string;
  readonly dataDir: string;
}

export interface PlatformStart {
  readonly dataDir: string;
  readonly port?: number;
  readonly slots?: number;
  readonly flags?: readonly string[];
}

/** What a platform process printed until it ended. */
export interface FailedStart {
  readonly exitCode: number | null;
  readonly stderr: string;
}

const flagsOf = ({ dataDir, port = 0, slots, flags = [] }: PlatformStart): readonly string[] => [
  ...['--data-dir', dataDir, '--port', String(port)],
  ...(slots === undefined ? [] : ['--executor-slots', String(slots)]),
  ...flags,
];

/** The port after another one may be somebody else’s here. */
const freeSocketsPort = (flags: readonly string[]): readonly string[] =>
  flags.includes('--sockets-port') ? [] : ['--sockets-port', '0'];

/** These tests are not about limits, and create jobs faster than the shipped ones admit. */
const unlimited = { SIMFLEET_RATE_LIMITS: 'off' };

const spawnProcess = (flags: readonly string[], variables: Readonly<Record<string, string>> = {}): ChildProcess =>
  spawn(process.execPath, [entry, '--print-ready', '--log-level', 'warn', ...freeSocketsPort(flags), ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...unlimited, ...process.env, ...variables },
  });

interface Ready {
  readonly url: string;
  readonly socketsUrl: string;
  readonly memberId: string;
}

/** Starts a real process of the platform and waits until it says that it is ready. */
export const startProcess = async (
  flags: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> => {
  const child = spawnProcess(flags, variables);
  const stderr: Buffer[] = [];
  const log = (): string => Buffer.concat(stderr).toString();
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const gone = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const ready = new Promise<string>((resolve) => createInterface({ input: child.stdout! }).once('line', resolve));
  const line = await Promise.race([ready, gone.then(() => null)]);
  if (line === null) throw new Error(`the platform did not start: ${log()}`);
  const { url, socketsUrl, memberId } = JSON.parse(line) as Ready;
  const pid = child.pid ?? 0;
  return {
    ...{ url, socketsUrl, pid, child, memberId, log },
    shardPids: () => childrenOf(pid),
    async stop() {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const late = AbortSignal.timeout(stopLimitMs);
      const tooLate = once(late, 'abort').then(() => 'late' as const);
      const end = await Promise.race([gone, tooLate]);
      if (end !== 'late') return end;
      const threads = threadsOf(pid);
      child.kill('SIGKILL');
      throw new Error(`the process did not end within ${stopLimitMs} ms; its threads: ${threads}; its log: ${log()}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
    pause: () => standStill(child),
    resume: () => void child.kill('SIGCONT'),
  };
};

/** Starts the whole platform in one process and waits until it says that it is ready. */
export const startPlatform = async (start: PlatformStart): Promise<PlatformProcess> => {
  const service = await startProcess(flagsOf(start));
  const token = readFileSync(join(start.dataDir, 'admin-token'), 'utf8').trim();
  return { ...service, dataDir: start.dataDir, token };
};

/** Starts a process that is expected to refuse. */
export const failToStart = async (start: PlatformStart): Promise<FailedStart> => {
  const child = spawnProcess(flagsOf(start));
  const stderr: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdout?.resume();
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return { exitCode, stderr: Buffer.concat(stderr).toString() };
};

/** What each thread of a process waits in, by the kernel. */
const threadsOf = (pid: number): string => {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch {
      return '?';
    }
  };
  const tasks = globSync(`/proc/${pid}/task/*`);
  return tasks.map((task) => `${read(`${task}/comm`)} ${read(`${task}/wchan`)}`).join(', ');
};

const childrenOf = (pid: number): readonly number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};
