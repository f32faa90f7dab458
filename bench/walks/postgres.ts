import { openPostgresStorage } from '@simfleet/storage-postgres';
import { startPostgres } from '@simfleet/testing';
import { Pool } from 'pg';
import { rows, sorted, startMs, stepMicroseconds, unsorted, type Row } from './data.ts';
import { peerPages } from './peer.ts';
import type { Walked } from './walked.ts';

const time = `timestamptz 'epoch' + ${startMs} * interval '1 ms' + n * ${stepMicroseconds} * interval '1 microsecond'`;
const id = `'row-' || lpad(n::text, 7, '0')`;
/** The rows of `data.ts`, as the server makes them itself; the peer's table has the index that its order asks for. */
const fill = [
  `SET timezone = 'UTC'`,
  `INSERT INTO simfleet.c_walked (id, version, doc) SELECT ${id}, 1, jsonb_build_object('customer', 'acme',
     'createdAt', to_char(${time}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'note', '') FROM generate_series(0, ${rows - 1}) AS n`,
  `CREATE TABLE peer (id text COLLATE "C" PRIMARY KEY, created_at timestamptz NOT NULL, note text NOT NULL)`,
  `INSERT INTO peer SELECT ${id}, ${time}, '' FROM generate_series(0, ${rows - 1}) AS n`,
  `CREATE INDEX ON peer (created_at DESC NULLS LAST, id DESC)`,
];

export const postgresWalked = async (withPeer: boolean): Promise<Walked> => {
  const server = await startPostgres({ settings: { shared_buffers: '512MB', max_wal_size: '4GB' } });
  const url = await server.createDatabase();
  const storage = await openPostgresStorage({ url, limits: { connectMs: 4000, statementMs: 120_000 } });
  await storage.collection<Row>(unsorted);
  const pool = new Pool({ connectionString: url });
  const client = await pool.connect();
  for (const sql of fill) await client.query(sql);
  const listed = await storage.collection<Row>(sorted);
  for (const table of ['simfleet.c_walked', 'peer']) await client.query(`VACUUM ANALYZE ${table}`);
  client.release();
  return {
    title: storage.description.replace('postgresql', 'PostgreSQL'),
    listed,
    mirror: {
      insert: (name, row) => pool.query('INSERT INTO peer VALUES ($1, $2, $3)', [name, row.createdAt, row.note]),
      change: (name, row) =>
        pool.query('UPDATE peer SET created_at = $2, note = $3 WHERE id = $1', [name, row.createdAt, row.note]),
      remove: (name) => pool.query('DELETE FROM peer WHERE id = $1', [name]),
    },
    peer: withPeer ? peerPages(pool, 'peer') : null,
    async close() {
      await pool.end();
      await storage.close();
      await server.stop();
    },
  };
};
