import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../services/all-in-one/src/main.ts', import.meta.url));

export interface PlatformProcess {
  readonly url: string;
  readonly token: string;
  readonly dataDir: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Pids of the shard processes that live right now. */
  shardPids(): readonly number[];
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL to the platform alone; resolves when it is gone. */
  kill(): Promise<void>;
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

const spawnPlatform = ({ dataDir, port = 0, slots, flags = [] }: PlatformStart): ChildProcess =>
  spawn(
    process.execPath,
    [
      entry,
      ...['--data-dir', dataDir, '--port', String(port), '--print-ready', '--log-level', 'warn'],
      ...(slots === undefined ? [] : ['--executor-slots', String(slots)]),
      ...flags,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );

/** Starts the real all-in-one process and waits until it says that it is ready. */
export const startPlatform = async (start: PlatformStart): Promise<PlatformProcess> => {
  const child = spawnPlatform(start);
  const stderr: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const gone = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const ready = new Promise<string>((resolve) => createInterface({ input: child.stdout! }).once('line', resolve));
  const line = await Promise.race([ready, gone.then(() => null)]);
  if (line === null) throw new Error(`the platform did not start: ${Buffer.concat(stderr).toString()}`);
  const { url } = JSON.parse(line) as { readonly url: string };
  const pid = child.pid ?? 0;
  return {
    ...{ url, pid, child, dataDir: start.dataDir },
    token: readFileSync(join(start.dataDir, 'admin-token'), 'utf8').trim(),
    shardPids: () => childrenOf(pid),
    async stop() {
      child.kill('SIGTERM');
      return gone;
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
};

/** Starts a platform that is expected to refuse. */
export const failToStart = async (start: PlatformStart): Promise<FailedStart> => {
  const child = spawnPlatform(start);
  const stderr: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdout?.resume();
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return { exitCode, stderr: Buffer.concat(stderr).toString() };
};

const childrenOf = (pid: number): readonly number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};
