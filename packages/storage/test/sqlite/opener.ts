import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { OpenAt } from '@simfleet/storage/contract';
import { openSqliteStorage } from '@simfleet/storage/sqlite';

export const openAt: OpenAt = (directory) => openSqliteStorage({ file: join(directory, 'store.db') });

export const dropIndex = async (directory: string, collection: string, sort: string): Promise<void> => {
  const db = new DatabaseSync(join(directory, 'store.db'));
  db.exec(`DROP INDEX "i_${collection}_${sort}"`);
  db.close();
};
