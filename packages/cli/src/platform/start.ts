import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { SimfleetError } from '@simfleet/contracts';
import { clientVariables } from '../environment.ts';
import type { Terminal } from '../terminal.ts';
import { startFault } from './log-lines.ts';

const platformMain = fileURLToPath(new URL('../../../../services/all-in-one/src/main.ts', import.meta.url));
/** Preloaded into what the command starts: it ends with the command. */
export const tether = new URL('../../bin/tether.js', import.meta.url).href;

/** A platform that is not ready by then never will be; ms. */
const READY_WITHIN = 60_000;
/** From SIGTERM to SIGKILL, ms: the platform's own limit for shards is 15 s. */
const STOP_WITHIN = 30_000;
/** Lines of its log that are told when it dies. */
export const LAST_LINES = 20;

export interface PlatformOptions {
  readonly terminal: Terminal;
  /** Absolute. Made by the platform when it is missing. */
  readonly dataDir: string;
  /** Further flags of the platform, such as `--port 0`. */
  readonly flags: readonly string[];
  /** Variables that it gets, or does not get where undefined, beside those of the command. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Each line that the platform logs. */
  onLogLine(line: string): void;
}

/** A platform that runs as a child of the command, and ends with it. */
export interface StartedPlatform {
  readonly url: string;
  readonly pid: number;
  /** Resolves when the process has ended, whoever ended it, with what it said. */
  readonly ended: Promise<SimfleetError>;
  /** SIGTERM, and SIGKILL when that is not enough. Idempotent. */
  stop(): Promise<void>;
}

type PlatformProcess = ChildProcessByStdio<null, Readable, Readable>;

/** The variables that are meant for the platform: those of the client would be reported as unknown. */
export const environmentOf = (env: Terminal['env'], variables: PlatformOptions['variables']): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ...env, ...variables })
      .filter((entry): entry is [string, string] => entry[1] !== undefined)
      .filter(([variable]) => !clientVariables.includes(variable)),
  );

/**
 * `detached`: ctrl-C in a terminal goes to a whole process group, and the platform takes a second signal for "at once".
 * In a group of its own it hears from the command alone. The channel (`ipc`) ties its life to the command's.
 */
const launch = ({ terminal, dataDir, flags, variables }: PlatformOptions): PlatformProcess =>
  spawn(terminal.node, ['--import', tether, platformMain, '--data-dir', dataDir, '--print-ready', ...flags], {
    cwd: terminal.cwd,
    env: environmentOf(terminal.env, variables),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  }) as PlatformProcess;

/** The platform says `name: code: what happened` when it cannot start. */
const reportedFault = (lines: readonly string[]): SimfleetError | undefined => {
  for (const [index, line] of lines.entries()) {
    const fault = startFault(line);
    if (fault === undefined) continue;
    return new SimfleetError(fault.code, [fault.detail, ...lines.slice(index + 1)].join('\n').trimEnd());
  }
  return undefined;
};

/** What ended a process of the platform, from what it said. */
export const endError = (
  code: number | null,
  signal: NodeJS.Signals | null,
  lines: readonly string[],
): SimfleetError => {
  const fault = reportedFault(lines);
  if (fault !== undefined) return fault;
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  const said = lines.length === 0 ? '' : `; its last lines:\n${lines.join('\n')}`;
  return new SimfleetError('unavailable', `the platform ended ${how}${said}`);
};

/** Collects the log and tells how the process ended, once its output is read to the end. */
const observe = (child: PlatformProcess, onLogLine: (line: string) => void): Promise<SimfleetError> => {
  const last: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
    onLogLine(line);
  });
  return new Promise((resolve) => {
    child.once('error', (cause) =>
      resolve(new SimfleetError('internal', `the platform cannot be started: ${cause.message}`, { cause })),
    );
    child.once('close', (code, signal) => resolve(endError(code, signal, last)));
  });
};

const stopper = (child: PlatformProcess, ended: Promise<unknown>): (() => Promise<void>) => {
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN);
    await ended;
    clearTimeout(kill);
  };
  return () => (stopping ??= stop());
};

/** The address on the one line that the platform prints when it is ready. */
const whenReady = (child: PlatformProcess, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { url } = JSON.parse(line) as { readonly url: string };
      resolve(url);
    });
    const refuse = (): void => reject(signal.reason as Error);
    if (signal.aborted) refuse();
    else signal.addEventListener('abort', refuse, { once: true });
  });

/**
 * Starts the platform as a child process and resolves when it is ready.
 * Throws what the platform reports (`data-directory-held`, `port-in-use`, `invalid-configuration`, …), `unavailable` when it
 * is not ready in time, or the reason of `terminal.interrupted`; then nothing is left running.
 */
export const startPlatform = async (options: PlatformOptions): Promise<StartedPlatform> => {
  const child = launch(options);
  const ended = observe(child, options.onLogLine);
  const stop = stopper(child, ended);
  const over = new AbortController();
  void ended.then((error) => over.abort(error));
  const late = setTimeout(
    () => over.abort(new SimfleetError('unavailable', `the platform was not ready within ${READY_WITHIN / 1000} s`)),
    READY_WITHIN,
  );
  try {
    const url = await whenReady(child, AbortSignal.any([over.signal, options.terminal.interrupted]));
    return { url, pid: child.pid ?? 0, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
  }
};
