import { dirname, join, resolve } from 'node:path';
import { holdDirectory, type Hold } from '@simfleet/storage/sqlite';

export interface HoldOptions {
  /** Of the store. */
  readonly url: string;
  readonly dataDirectory: string;
  /** This process, for the one who is refused. */
  readonly pid: number;
}

/**
 * Takes the data directory for this process, whatever the store is. A SQLite store in the directory brings its own hold, and nothing is taken twice.
 * Throws `data-directory-held` when another process has it.
 */
export const holdDataDirectory = ({ url, dataDirectory, pid }: HoldOptions): Hold => {
  const [, driver = '', path = ''] = /^([^:]*):?(.*)$/s.exec(url) ?? [];
  const file = path === '' ? join(dataDirectory, 'simfleet.db') : path;
  if (driver === 'sqlite' && dirname(resolve(file)) === resolve(dataDirectory)) return { release: () => undefined };
  return holdDirectory(dataDirectory, pid);
};
