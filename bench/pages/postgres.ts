import { openPostgresStorage } from '@simfleet/storage-postgres';
import { questionOf } from '@simfleet/storage/documents';
import { startPostgres } from '@simfleet/testing';
import { Client } from 'pg';
import { pageSql } from '../../packages/storage-postgres/src/question-sql.ts';
import { pageAfter, pageSize, rows, sorted, timeOf, unsorted, type Listed } from './data.ts';
import type { Pages } from './measure.ts';

/** The rows of `data.ts`, as the server makes them itself. */
const fill = `INSERT INTO simfleet.c_listed (id, version, doc)
  SELECT 'row-' || lpad(n::text, 8, '0'), 1, jsonb_build_object('customer', 'acme', 'createdAt',
    to_char(timestamp 'epoch' + ${timeOf(0)} * interval '1 ms' + (n / 4) * interval '1 ms', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
  FROM generate_series(0, ${rows - 1}) AS n`;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

const leavesOf = (plan: Plan): readonly Plan[] => plan.Plans?.flatMap(leavesOf) ?? [plan];

const examinedBy = (leaf: Plan): number =>
  (leaf['Actual Rows'] + (leaf['Rows Removed by Filter'] ?? 0) + (leaf['Rows Removed by Index Recheck'] ?? 0)) *
  leaf['Actual Loops'];

export const postgresPages = async (): Promise<Pages> => {
  const server = await startPostgres({ settings: { shared_buffers: '512MB', max_wal_size: '4GB' } });
  const url = await server.createDatabase();
  const storage = await openPostgresStorage({ url, limits: { connectMs: 4000, statementMs: 120_000 } });
  const client = new Client({ connectionString: url });
  await client.connect();
  await storage.collection<Listed>(unsorted);
  await client.query(fill);
  const listed = await storage.collection<Listed>(sorted);
  await client.query('VACUUM ANALYZE simfleet.c_listed');
  const byNumber = {
    name: 'by number',
    text: `SELECT id, version, doc, "f_createdAt" AS key FROM simfleet."c_listed" ORDER BY "f_createdAt", id LIMIT ${pageSize + 1} OFFSET $1`,
  };
  return {
    title: storage.description.replace('postgresql', 'PostgreSQL'),
    listed,
    async byOffset(offset) {
      const answer = await client.query<{ readonly id: string }>({ ...byNumber, values: [offset] });
      return answer.rows.slice(0, pageSize).map(({ id }) => id);
    },
    async examined(index) {
      const { text, values } = pageSql(sorted, questionOf(sorted, pageAfter(index)), pageSize + 1);
      const answer = await client.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
        [...values],
      );
      const plan = answer.rows[0]?.['QUERY PLAN'][0]?.Plan;
      if (plan === undefined) throw new Error('EXPLAIN told nothing');
      const leaves = leavesOf(plan);
      const names = leaves.map((leaf) => `${leaf['Node Type']} on ${leaf['Index Name'] ?? 'the table'}`);
      const examined = leaves.reduce((sum, leaf) => sum + examinedBy(leaf), 0);
      return { rows: examined, plan: names.join(', '), how: 'EXPLAIN ANALYZE' };
    },
    async close() {
      await client.end();
      await storage.close();
      await server.stop();
    },
  };
};
