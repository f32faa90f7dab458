export { openSqliteStorage, type SqliteOptions, type SqliteStorage } from './storage.ts';
