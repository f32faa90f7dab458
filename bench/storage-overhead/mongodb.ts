import { openMongoStorage } from '@simfleet/storage-mongodb';
import { startMongo } from '@simfleet/testing';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { callers, type Bench } from './compare.ts';
import { declaration, job, timeKey, type Job } from './sample.ts';

const loops = 10;
/** The server of the tests scans a collection for a compare-and-set: a small one keeps its share of the machine small. */
const documents = 100;
const count = 3000;

/** As the store's own client has them (`packages/storage-mongodb/src/connection.ts`): some cost time in every call. */
const options: MongoClientOptions = {
  appName: 'simfleet',
  maxPoolSize: 32,
  serverSelectionTimeoutMS: 5000,
  connectTimeoutMS: 5000,
  waitQueueTimeoutMS: 3000,
  socketTimeoutMS: 7000,
  writeConcern: { w: 'majority', journal: true },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  retryWrites: false,
  retryReads: false,
};

interface Row {
  readonly _id: string;
  readonly v: number;
  readonly doc: string;
  readonly keys: object;
  readonly labels: readonly string[];
  readonly shape: string;
}

const contentOf = (doc: Job): Omit<Row, '_id' | 'v'> => ({
  doc: JSON.stringify(doc),
  keys: { customer: doc.customer, name: doc.name, state: doc.state, createdAt: timeKey },
  labels: Object.entries(doc.labels).map((label) => JSON.stringify(label)),
  shape: '0123456789ab',
});

export const mongoBench = async (): Promise<Bench> => {
  const server = await startMongo();
  const url = server.databaseUrl();
  const storage = await openMongoStorage({ url });
  const jobs = await storage.collection<Job>(declaration);
  const added = await storage.collection<Job>({ ...declaration, name: 'added' });
  const client = new MongoClient(url, options);
  const rows = client.db().collection<Row>('jobs');
  const addedRows = client.db().collection<Row>('added');
  for (let index = 0; index < documents; index += 1) {
    for (const side of ['port', 'raw']) await jobs.insert(`${side}-${index}`, job(index));
  }
  const expected = (index: number): number => Math.floor(index / documents) + 1;
  const rawGet = async (index: number) => {
    const id = `raw-${index % documents}`;
    const row = await rows.findOne({ _id: id }, { projection: { _id: 0, v: 1, doc: 1 } });
    return row === null ? null : { id, version: row.v, doc: JSON.parse(row.doc) as Job };
  };
  const rawSave = async (index: number) => {
    const filter = { _id: `raw-${index % documents}`, v: expected(index) };
    const change = { $set: { v: expected(index) + 1, ...contentOf(job(index + 1)) } };
    const { matchedCount } = await rows.updateOne(filter, change);
    if (matchedCount !== 1) throw new Error('nothing was written');
  };
  const kind = server.kind === 'real' ? 'real server' : 'wire-protocol server of the tests';
  return {
    title: `MongoDB (${storage.description}, ${kind}; ${loops} callers; raw = the driver, same commands and options)`,
    goal: 1.15,
    operations: [
      {
        name: 'get',
        count,
        port: callers(loops, (index) => jobs.get(`port-${index % documents}`)),
        raw: callers(loops, rawGet),
      },
      {
        name: 'insert',
        count,
        port: callers(loops, (index) => added.insert(`port-${index}`, job(index))),
        raw: callers(loops, (index) => addedRows.insertOne({ _id: `raw-${index}`, v: 1, ...contentOf(job(index)) })),
      },
      {
        name: 'compare-and-set',
        count,
        port: callers(loops, (index) => jobs.save(`port-${index % documents}`, expected(index), job(index + 1))),
        raw: callers(loops, rawSave),
      },
    ],
    async close() {
      if (server.kind === 'real') await client.db().dropDatabase();
      await client.close();
      await storage.close();
      await server.stop();
    },
  };
};
