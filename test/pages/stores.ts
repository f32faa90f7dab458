import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Storage } from '@simfleet/storage';
import { openMongoStorage } from '@simfleet/storage-mongodb';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { mongoMissing, postgresMissing, startMongo, startPostgres, temporaryDirectory } from '@simfleet/testing';

/** A kind of store, ready to be opened empty any number of times. */
export interface Opened {
  open(): Promise<Storage>;
  stop(): Promise<void>;
}

interface Kind {
  readonly name: string;
  /** Why it cannot run here. */
  readonly missing: string | null;
  /** How many random runs it is worth, against those of memory: servers take longer. */
  readonly share: number;
  start(): Promise<Opened>;
}

const nothing = (): Promise<void> => Promise.resolve();

const kinds: readonly Kind[] = [
  {
    name: 'memory',
    missing: null,
    share: 1,
    start: () => Promise.resolve({ open: () => Promise.resolve(openMemoryStorage()), stop: nothing }),
  },
  {
    name: 'sqlite',
    missing: null,
    share: 0.5,
    start: () => {
      const open = (): Promise<Storage> =>
        openSqliteStorage({ file: join(temporaryDirectory({ after }).path, 'store.db') });
      return Promise.resolve({ open, stop: nothing });
    },
  },
  {
    name: 'postgresql',
    missing: postgresMissing(),
    share: 0.2,
    start: async () => {
      const server = await startPostgres();
      const open = async (): Promise<Storage> => openPostgresStorage({ url: await server.createDatabase() });
      return { open, stop: () => server.stop() };
    },
  },
  {
    name: 'mongodb',
    missing: mongoMissing() || null,
    share: 0.2,
    start: async () => {
      const server = await startMongo();
      return { open: () => openMongoStorage({ url: server.databaseUrl() }), stop: () => server.stop() };
    },
  },
];

/** Declares tests for every kind of store; one that cannot run here is skipped with its reason. */
export const onEveryStore = (declare: (name: string, opened: () => Opened, share: number) => void): void => {
  for (const { name, missing, share, start } of kinds) {
    if (missing !== null) {
      test(name, { skip: missing });
      continue;
    }
    let opened: Opened | undefined;
    before(async () => {
      opened = await start();
    });
    after(() => opened?.stop());
    declare(
      name,
      () => {
        if (opened === undefined) throw new Error('the store is not started yet');
        return opened;
      },
      share,
    );
  }
};
