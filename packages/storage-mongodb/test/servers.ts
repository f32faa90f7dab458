import { after, before } from 'node:test';
import { startMongo, type TestMongo, type TestMongoOptions } from '@simfleet/testing';
import { MongoClient } from 'mongodb';

export interface Server extends Omit<TestMongo, 'stop'> {
  /** A client of its own for one piece of work on a database. */
  raw<Answer>(url: string, work: (client: MongoClient) => Promise<Answer>): Promise<Answer>;
}

const withClient = async <Answer>(url: string, work: (client: MongoClient) => Promise<Answer>): Promise<Answer> => {
  const client = new MongoClient(url, { retryWrites: false });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
};

/** A server for the tests of a file; databases that were asked for are dropped with it. Call at the top of the file. */
export const server = (options: TestMongoOptions = {}): Server => {
  let running: TestMongo | undefined;
  const made: string[] = [];
  const it = (): TestMongo => {
    if (running === undefined) throw new Error('The server has not been started.');
    return running;
  };
  before(async () => {
    running = await startMongo(options);
  });
  after(async () => {
    if (it().kind === 'real') for (const url of made) await withClient(url, (client) => client.db().dropDatabase());
    await it().stop();
  });
  return {
    get kind() {
      return it().kind;
    },
    databaseUrl() {
      const url = it().databaseUrl();
      made.push(url);
      return url;
    },
    kill: () => it().kill(),
    restart: () => it().restart(),
    pause: () => it().pause(),
    resume: () => it().resume(),
    raw: withClient,
  };
};
