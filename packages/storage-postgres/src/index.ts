export { openPostgresStorage, type PostgresOptions } from './storage.ts';
