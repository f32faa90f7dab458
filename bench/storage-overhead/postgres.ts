import { openPostgresStorage } from '@simfleet/storage-postgres';
import { startPostgres } from '@simfleet/testing';
import { Client, Pool } from 'pg';
import { collectionStatements } from '../../packages/storage-postgres/src/statements.ts';
import { callers, type Bench, type Operation } from './compare.ts';
import { declaration, job } from './sample.ts';

const connections = 10;
const documents = 1000;
const count = 6000;

type Ask = (
  statement: { readonly name?: string; readonly text: string },
  values: unknown[],
) => Promise<{ readonly rows: readonly Record<string, unknown>[]; readonly rowCount: number | null }>;

/** What somebody would write who has these statements and the driver. */
const rawWays = (ask: Ask, side: string) => {
  const sql = collectionStatements(declaration.name);
  const written = ({ rowCount }: { readonly rowCount: number | null }): void => {
    if (rowCount !== 1) throw new Error('nothing was written');
  };
  return {
    get: async (index: number) => {
      const id = `${side}-${index % documents}`;
      const row = (await ask(sql.find, [id])).rows[0];
      return row === undefined ? null : { id, version: Number(row['version']), doc: row['doc'] };
    },
    insert: async (index: number) => {
      written(await ask(sql.insert, [`${side}-new-${index}`, JSON.stringify(job(index))]));
    },
    save: async (index: number) => {
      const expected = Math.floor(index / documents) + 1;
      written(await ask(sql.save, [`${side}-${index % documents}`, expected, JSON.stringify(job(index + 1))]));
    },
  };
};

export const postgresBench = async (): Promise<Bench> => {
  const server = await startPostgres({ settings: { synchronous_commit: 'off' } });
  const url = await server.createDatabase();
  const storage = await openPostgresStorage({ url, connections, synchronousCommit: 'off' });
  const jobs = await storage.collection<ReturnType<typeof job>>(declaration);
  const options = { connectionString: url, options: '-c jit=off' };
  const pool = new Pool({ ...options, max: connections });
  const bare = Array.from({ length: connections }, () => new Client(options));
  await Promise.all(bare.map((client) => client.connect()));
  for (let index = 0; index < documents; index += 1) {
    for (const side of ['port', 'raw', 'bare']) await jobs.insert(`${side}-${index}`, job(index));
  }

  const raw = rawWays((statement, values) => pool.query({ ...statement, values }), 'raw');
  const least = rawWays((statement, values) => {
    // Each caller has a connection to itself: who takes one gives it back before anybody else can want it.
    const client = bare.pop();
    if (client === undefined) throw new Error('more callers than connections');
    return client.query({ ...statement, values }).finally(() => bare.push(client));
  }, 'bare');
  const operation = (
    name: string,
    way: 'get' | 'insert' | 'save',
    port: (index: number) => Promise<unknown>,
  ): Operation => ({
    name,
    count,
    port: callers(connections, port),
    raw: callers(connections, raw[way]),
    beside: { name: 'clients without a pool', side: callers(connections, least[way]) },
  });
  return {
    title: `PostgreSQL (${storage.description}; ${connections} callers on ${connections} connections; raw = pg's own pool, same statements prepared under the same names)`,
    goal: 1.15,
    operations: [
      operation('get', 'get', (index) => jobs.get(`port-${index % documents}`)),
      operation('insert', 'insert', (index) => jobs.insert(`port-new-${index}`, job(index))),
      operation('compare-and-set', 'save', (index) =>
        jobs.save(`port-${index % documents}`, Math.floor(index / documents) + 1, job(index + 1)),
      ),
    ],
    async close() {
      await Promise.all(bare.map((client) => client.end()));
      await pool.end();
      await storage.close();
      await server.stop();
    },
  };
};
