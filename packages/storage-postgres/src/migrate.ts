import { SimfleetError } from '@simfleet/contracts';
import type { Connections, Run } from './connections.ts';
import { migrations } from './migrations.ts';

/** Keys of advisory locks: one process at a time migrates, and one at a time shapes collections or loads. Drawn once, at random. */
const migrationLock = '7208317429051342001';
export const shapeLock = '7208317429051342002';

/** For a step over a big table, and for the wait until another process has done the same. */
export const shapingMs = 30 * 60_000;

/**
 * Looks into the catalogue: `to_regclass` may answer from a cache that, inside one transaction, does not hear of a schema made meanwhile.
 */
const versionOf = async (run: Run): Promise<number> => {
  const { rowCount } = await run(
    `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'simfleet' AND c.relname = 'schema_version'`,
  );
  if (rowCount === 0) return 0;
  return Number((await run('SELECT max(version) AS version FROM simfleet.schema_version')).rows[0]?.['version'] ?? 0);
};

/** Rights to make schemas are asked for only when there is none: a database administrator may have made it for us. */
const createSchema = async (run: Run): Promise<void> => {
  const { rowCount } = await run(`SELECT FROM pg_namespace WHERE nspname = 'simfleet'`);
  if (rowCount === 0) await run('CREATE SCHEMA simfleet');
  await run('CREATE TABLE IF NOT EXISTS simfleet.schema_version (version int NOT NULL)');
};

/**
 * Brings the schema to the newest version, in one transaction and one process at a time. Throws `invalid-configuration` for a schema newer than
 * this platform.
 */
export const migrate = async (connections: Connections, steps: readonly string[] = migrations): Promise<void> => {
  const isNewest = (version: number): boolean => {
    if (version <= steps.length) return version === steps.length;
    throw new SimfleetError(
      'invalid-configuration',
      `The PostgreSQL database has schema version ${version}; this platform knows up to ${steps.length}. Use the newer platform that wrote it.`,
    );
  };
  // Most starts find everything done, and take no lock.
  if (isNewest(await versionOf((text, values) => connections.run({ text }, values)))) return;
  await connections.transaction(shapingMs, async (run) => {
    await run(`SELECT pg_advisory_xact_lock(${migrationLock})`);
    const version = await versionOf(run);
    if (isNewest(version)) return;
    await createSchema(run);
    for (const step of steps.slice(version)) await run(step);
    await run('DELETE FROM simfleet.schema_version');
    await run('INSERT INTO simfleet.schema_version (version) VALUES ($1)', [steps.length]);
  });
};
