import { join } from 'node:path';
import type { OpenAt } from '@simfleet/storage/contract';
import { openSqliteStorage } from '@simfleet/storage/sqlite';

export const openAt: OpenAt = (directory) => openSqliteStorage({ file: join(directory, 'store.db') });
