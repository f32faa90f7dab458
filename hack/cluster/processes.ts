// Processes that outlive who started them, and are found again by the files that tell their ids.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { until } from '../../packages/testing/src/until.ts';
import type { Layout } from './layout.ts';

/** When a process began, in clock ticks since the machine did; null when it is gone. Together with its id that names it for ever. */
const beginningOf = (pid: number): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program is in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
};

const fileOf = (layout: Layout, part: string): string => layout.file('processes', part);

/** Id of a part's process, or null when it does not run. */
export const pidOf = (layout: Layout, part: string): number | null => {
  try {
    const [pid = '', beginning] = readFileSync(fileOf(layout, part), 'utf8').split(' ');
    return beginningOf(Number(pid)) === beginning ? Number(pid) : null;
  } catch {
    return null;
  }
};

/** Ends a process with SIGKILL and waits until it is gone. */
export const killProcess = async (pid: number): Promise<void> => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
  await until(`process ${pid} to be gone`, () => beginningOf(pid) === null, 30_000);
};

/** Ends a part. Idempotent. */
export const endPart = async (layout: Layout, part: string): Promise<void> => {
  const pid = pidOf(layout, part);
  if (pid !== null) await killProcess(pid);
  rmSync(fileOf(layout, part), { force: true });
};

/** The end of a part's log. */
export const endOfLog = (layout: Layout, part: string): string =>
  readFileSync(layout.file('logs', `${part}.log`), 'utf8')
    .split('\n')
    .slice(-20)
    .join('\n');

/** Starts a part unless it runs, its output added to its log. */
export const startPart = async (layout: Layout, part: string, command: readonly string[]): Promise<void> => {
  if (pidOf(layout, part) !== null) return;
  for (const folder of ['processes', 'logs']) mkdirSync(layout.file(folder), { recursive: true });
  const log = openSync(layout.file('logs', `${part}.log`), 'a');
  const [program = '', ...words] = command;
  const child = spawn(program, words, { detached: true, stdio: ['ignore', log, log], cwd: layout.directory });
  closeSync(log);
  await once(child, 'spawn');
  child.unref();
  writeFileSync(fileOf(layout, part), `${child.pid ?? 0} ${beginningOf(child.pid ?? 0) ?? ''}`);
};

/** Waits until a part is ready. Throws the end of its log when it ends before. */
export const untilReady = (
  layout: Layout,
  part: string,
  condition: () => boolean | Promise<boolean>,
): Promise<unknown> =>
  until(
    `${part} to be ready`,
    () => {
      if (pidOf(layout, part) !== null) return condition();
      throw new Error(`${part} has ended:\n${endOfLog(layout, part)}`);
    },
    120_000,
  );
