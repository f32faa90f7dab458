import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FindAddress } from '../connection/find-platform.ts';
import { checkedToken } from '../connection/find-platform.ts';
import type { Terminal } from '../terminal.ts';
import { warningText } from './log-lines.ts';
import { startPlatform } from './start.ts';
import type { StartedPlatform } from './start.ts';

/** Address of a platform that this command started, with the administrator's token of its data directory. */
export const addressOfStarted =
  (dataDir: string, platform: StartedPlatform): FindAddress =>
  async () => {
    const file = join(dataDir, 'admin-token');
    return { url: platform.url, token: checkedToken(await readFile(file, 'utf8'), `the token in ${file}`) };
  };

/** Shows warnings of the platform as they come; all of its log when `verbose`. */
export const logWriter =
  ({ stderr }: Terminal, verbose: boolean) =>
  (line: string): void => {
    const text = verbose ? line : warningText(line);
    if (text !== undefined) void stderr.write(`${text}\n`).catch(() => undefined);
  };

/**
 * Works with a platform of its own: on a free port, its data in a directory that goes away with it.
 * Both are gone when this returns or throws, also after ctrl-C.
 */
export const withPrivatePlatform = async <Result>(
  terminal: Terminal,
  work: (find: FindAddress, ended: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const dataDir = await mkdtemp(join(terminal.temporaryDirectory, 'simfleet-'));
  try {
    // Faults come as errors of the start or of the work, so its log is not shown.
    const platform = await startPlatform({ terminal, dataDir, flags: ['--port', '0'], onLogLine: () => undefined });
    const over = new AbortController();
    void platform.ended.then((error) => over.abort(error));
    try {
      return await work(addressOfStarted(dataDir, platform), over.signal);
    } finally {
      await platform.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
};
