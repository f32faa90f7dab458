import { after } from 'node:test';
import { mongoMissing, postgresMissing, startMongo, startPostgres } from '@simfleet/testing';
import { openScene } from './scene.ts';
import type { Owner, Scene } from './scene.ts';

/** The whole platform in one process on one kind of store. */
export interface TestStore {
  readonly name: string;
  /** Why it cannot be had here, or false. */
  readonly skip: string | false;
  /** Flags that choose an empty store; SQLite is chosen by none. */
  flags(): Promise<readonly string[]>;
  /** A running platform. SQLite: of its own for each test. Databases: one for all tests of the file. */
  open(context: Owner): Promise<Scene>;
}

/** What outlives its test ends with the file, the last first. */
const fileEnd = (): Owner => {
  const cleanUps: (() => void | Promise<void>)[] = [];
  after(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });
  return { after: (cleanUp) => void cleanUps.push(cleanUp) };
};

const once = <Value>(make: () => Promise<Value>): (() => Promise<Value>) => {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
};

/** SQLite, PostgreSQL and MongoDB, each chosen by the URL alone. */
export const testStores = (): readonly TestStore[] => {
  const end = fileEnd();
  const postgres = once(async () => {
    const server = await startPostgres();
    end.after(() => server.stop());
    return server;
  });
  const mongo = once(async () => {
    const server = await startMongo();
    end.after(() => server.stop());
    return server;
  });
  const database = (url: () => Promise<string>): Pick<TestStore, 'flags' | 'open'> => {
    const flags = async (): Promise<readonly string[]> => ['--storage', await url()];
    const scene = once(async () => openScene(end, { flags: await flags() }));
    return { flags, open: scene };
  };
  return [
    { name: 'SQLite', skip: false, flags: async () => [], open: (context) => openScene(context) },
    {
      ...{ name: 'PostgreSQL', skip: postgresMissing() ?? false },
      ...database(async () => (await postgres()).createDatabase()),
    },
    { name: 'MongoDB', skip: mongoMissing(), ...database(async () => (await mongo()).databaseUrl()) },
  ];
};
