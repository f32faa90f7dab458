import { SimfleetError } from '@simfleet/contracts';
import type { Storage } from '@simfleet/storage';
import { checkDeclaration, CommitListeners } from '@simfleet/storage/documents';
import { Connection } from './connection.ts';
import { checkWhole, declareCollection } from './declare/declare.ts';
import { MongoCollection } from './documents/collection.ts';
import { Marks } from './documents/marks.ts';
import { MongoOutbox } from './documents/outbox.ts';
import { openingFault } from './faults.ts';
import { MongoLog } from './log/log.ts';
import { migrate } from './schema.ts';
import { dumpMongo } from './transfer/dump.ts';
import { loadMongo } from './transfer/load.ts';

export interface MongoOptions {
  /** Connection string of MongoDB, `mongodb://…` or `mongodb+srv://…`, with the name of the database. */
  readonly url: string;
}

/** MongoDB 5.0: names of members in documents are free from there. */
const leastMajor = 5;

/** Connects, migrates. Closes again what did not open. */
const prepare = async (connection: Connection): Promise<string> => {
  try {
    const { version } = (await connection.db.admin().buildInfo()) as { readonly version?: unknown };
    const found = String(version);
    if (Number.parseInt(found, 10) < leastMajor) {
      throw new SimfleetError('invalid-configuration', `MongoDB ${found} is too old: ${leastMajor}.0 is the least.`);
    }
    await migrate(connection.patientDb);
    return found;
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw openingFault(error);
  }
};

/**
 * Opens a store in one database of MongoDB 5.0 or later, shared with any number of processes. Needs no replica set, transactions or
 * change streams. Throws `invalid-configuration` for a URL that is none, refused credentials, an older server or a newer schema; `unavailable`
 * when no server answers within about ten seconds.
 */
export const openMongoStorage = async ({ url }: MongoOptions): Promise<Storage> => {
  const connection = new Connection(url);
  const version = await prepare(connection);
  const listeners = new CommitListeners();
  const marks = new Marks();
  const outbox = new MongoOutbox(connection, listeners);
  return {
    description: `mongodb ${version} (w=majority, j=true)`,
    shared: true,
    log: new MongoLog(connection),
    outbox,
    async collection(declaration) {
      connection.checkOpen();
      checkDeclaration(declaration);
      await connection.run(async () => {
        await checkWhole(connection.db);
        await declareCollection(connection.patientDb, declaration);
      });
      outbox.declared(declaration.name);
      return new MongoCollection(declaration, connection, marks, listeners);
    },
    dump: () => dumpMongo(connection),
    load: (records) => loadMongo(connection, records, marks),
    async check() {
      await connection.run(() => connection.db.command({ ping: 1 }));
    },
    close: () => connection.close(),
  };
};
