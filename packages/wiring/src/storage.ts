import { join } from 'node:path';
import type { Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { driverOf } from './driver.ts';

export interface StorageOptions {
  /** `memory:`, `sqlite:` (a file in the data directory), `sqlite:path`, or `postgres://…` (`postgresql://…`) as libpq knows it. */
  readonly url: string;
  readonly dataDirectory: string;
}

const drivers: Readonly<Record<string, (path: string, options: StorageOptions) => Promise<Storage>>> = {
  memory: async () => openMemoryStorage(),
  sqlite: (path, { dataDirectory }) => openSqliteStorage({ file: path || join(dataDirectory, 'simfleet.db') }),
  postgres: (_path, { url }) => openPostgresStorage({ url }),
  postgresql: (_path, { url }) => openPostgresStorage({ url }),
};

/** Throws `invalid-configuration` for an unknown driver, and what the driver throws when it cannot open. */
export const openStorage = async (options: StorageOptions): Promise<Storage> => {
  const { open, path } = driverOf('storage', options.url, drivers);
  return open(path, options);
};
