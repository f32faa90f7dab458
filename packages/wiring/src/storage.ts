import { join } from 'node:path';
import { SimfleetError } from '@simfleet/contracts';
import type { Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { openSqliteDump, openSqliteStorage } from '@simfleet/storage/sqlite';
import { openMongoStorage } from '@simfleet/storage-mongodb';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { driverOf } from './driver.ts';

export interface StorageOptions {
  /**
   * `memory:`, `sqlite:` (a file in the data directory), `sqlite:path`, `postgres://…` (`postgresql://…`) as libpq knows it, or `mongodb://…`
   * (`mongodb+srv://…`) with the name of a database.
   */
  readonly url: string;
  readonly dataDirectory: string;
}

const drivers: Readonly<Record<string, (path: string, options: StorageOptions) => Promise<Storage>>> = {
  memory: async () => openMemoryStorage(),
  sqlite: (path, { dataDirectory }) => openSqliteStorage({ file: path || join(dataDirectory, 'simfleet.db') }),
  postgres: (_path, { url }) => openPostgresStorage({ url }),
  postgresql: (_path, { url }) => openPostgresStorage({ url }),
  mongodb: (_path, { url }) => openMongoStorage({ url }),
  'mongodb+srv': (_path, { url }) => openMongoStorage({ url }),
};

/** Throws `invalid-configuration` for an unknown driver, and what the driver throws when it cannot open. */
export const openStorage = async (options: StorageOptions): Promise<Storage> => {
  const { open, path } = driverOf('storage', options.url, drivers);
  return open(path, options);
};

/** A store that is only read. */
export type StoreToDump = Pick<Storage, 'description' | 'dump' | 'close'>;

/**
 * Opens a store to dump it, beside the platforms that use it. A file is opened for reading only. Throws `not-found` when there is no such file,
 * `invalid-configuration` for a store in memory, and what `openStorage` throws.
 */
export const openDump = async (options: StorageOptions): Promise<StoreToDump> => {
  const { path } = driverOf('storage', options.url, drivers);
  if (isInMemory(options.url))
    throw new SimfleetError(
      'invalid-configuration',
      'A store in memory is its process’s own: nothing of it can be kept.',
    );
  if (!options.url.startsWith('sqlite:')) return openStorage(options);
  return openSqliteDump({ file: path || join(options.dataDirectory, 'simfleet.db') });
};

/** Whether the store ends with the process that opens it. */
export const isInMemory = (url: string): boolean => /^memory(:|$)/.test(url);
