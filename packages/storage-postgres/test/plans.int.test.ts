import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CollectionDeclaration, Query } from '@simfleet/storage';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { questionOf } from '@simfleet/storage/documents';
import { Client } from 'pg';
import { pageSql } from '../src/question-sql.ts';
import { withPostgres } from './server.ts';

const declaration: CollectionDeclaration = {
  name: 'pages',
  fields: {
    customer: { path: ['customer'], type: 'text' },
    title: { path: ['title'], type: 'text' },
    state: { path: ['state'], type: 'text' },
    at: { path: ['at'], type: 'time' },
  },
  sorts: ['title', 'at'],
  indexes: [{ equal: ['customer', 'state'], sort: 'title' }],
};

const rows = 40_000;
/** One title in ten is null, and each other one occurs ten times. */
const fill = `INSERT INTO simfleet.c_pages (id, version, doc)
  SELECT 'id-' || n, 1, jsonb_build_object('customer', CASE WHEN n > 39900 THEN 'customer-2' ELSE 'customer-' || n % 2 END, 'state', 'state-' || n % 5,
    'title', CASE WHEN n % 10 > 0 THEN 'title-' || lpad((n / 10)::text, 8, '0') END,
    'at', to_char(timestamp '2026-01-01' + n * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  FROM generate_series(1, ${rows}) AS n`;

interface Plan {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Plan[];
}

const nodes = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

const limit = 20;
const questions = ['ascending', 'descending'].flatMap((direction) =>
  [undefined, ['customer-1'], ['customer-2'], ['customer-1', 'state-1']].flatMap((equal) =>
    [{ key: 'title-00002000', id: 'id-20003' }, { key: null, id: 'id-20000' }, undefined].map((after): Query => {
      const all = (equal ?? []).map((value) => ({ op: 'eq', field: value.replace(/-.*/, ''), value }) as const);
      const filter = equal === undefined ? {} : { filter: { op: 'and', all } as const };
      const start = after === undefined ? {} : { after };
      return {
        ...filter,
        ...start,
        limit,
        sort: { field: 'title', direction: direction as 'ascending' | 'descending' },
      };
    }),
  ),
);

withPostgres((server) => {
  for (const mode of ['force_custom_plan', 'force_generic_plan']) {
    test(`a page of ${limit} examines ${limit + 1} rows at most, at any depth, whatever the key it starts from (${mode})`, async () => {
      const url = await server().createDatabase();
      const storage = await openPostgresStorage({ url });
      await storage.collection(declaration);
      await storage.close();
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query(fill);
      await client.query('VACUUM ANALYZE simfleet.c_pages');
      await client.query(`SET plan_cache_mode = ${mode}`);
      for (const query of questions) {
        const { text, values } = pageSql(declaration, questionOf(declaration, query), limit + 1);
        await client.query(`PREPARE asked AS ${text}`);
        const given = values.map((value) => client.escapeLiteral(String(value))).join(', ');
        const explain = `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked${given === '' ? '' : `(${given})`}`;
        const answer = await client.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(explain);
        await client.query('DEALLOCATE asked');
        const plan = answer.rows[0]?.['QUERY PLAN'][0]?.Plan;
        assert.ok(plan);
        const told = `${text}\n${JSON.stringify(plan, null, 1)}`;
        for (const node of nodes(plan)) {
          assert.match(node['Node Type'], /^(Limit|Index Scan)$/, told);
          assert.ok(node['Actual Rows'] <= limit + 1 && (node['Rows Removed by Filter'] ?? 0) === 0, told);
          // The height of the index and a page of it, and the rows' own pages.
          assert.ok(node['Shared Hit Blocks'] + node['Shared Read Blocks'] <= limit + 12, told);
        }
      }
      await client.end();
    });
  }
});
