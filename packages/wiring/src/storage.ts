import { join } from 'node:path';
import type { Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
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
