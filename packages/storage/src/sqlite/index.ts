export {
  openSqliteDump,
  openSqliteStorage,
  type SqliteDump,
  type SqliteOptions,
  type SqliteStorage,
} from './storage.ts';
export { holdDirectory, type Hold } from './hold.ts';
