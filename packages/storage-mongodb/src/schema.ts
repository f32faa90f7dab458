import { SimfleetError } from '@simfleet/contracts';
import type { Db } from 'mongodb';
import { chunksOf, stateOf } from './layout.ts';
import { withLock, type LockTimes } from './lock.ts';

/** One step from each version of the schema to the next. Each may be run again after a death on its way: there are no transactions. */
export type Step = (db: Db) => Promise<unknown>;

const indexChunks: Step = (db) =>
  chunksOf(db).createIndexes([
    { name: 'read', key: { s: 1, e: 1, n: 1 } },
    { name: 'keys', key: { s: 1, e: 1, 'entries.k': 1 } },
  ]);

export const steps: readonly Step[] = [indexChunks];

const versionOf = async (db: Db): Promise<number> => (await stateOf(db).findOne({ _id: 'schema' }))?.version ?? 0;

/**
 * Takes the steps that the database lacks, under a lock. Throws `invalid-configuration` when its schema is newer than this code, which
 * then leaves it as it is.
 */
export const migrate = async (db: Db, wanted: readonly Step[] = steps, times?: LockTimes): Promise<void> => {
  if ((await versionOf(db)) === wanted.length) return;
  const takeSteps = async (): Promise<void> => {
    const found = await versionOf(db);
    if (found > wanted.length) {
      const detail = `The database has schema version ${found}, this program knows ${wanted.length}. Use a newer program.`;
      throw new SimfleetError('invalid-configuration', detail);
    }
    for (const [index, step] of wanted.entries()) {
      if (index < found) continue;
      await step(db);
      await stateOf(db).updateOne({ _id: 'schema' }, { $max: { version: index + 1 } }, { upsert: true });
    }
  };
  await withLock(db, 'schema', takeSteps, times);
};
