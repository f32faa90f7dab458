import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { CollectionDeclaration, Filter, Query } from '@simfleet/storage';
import { openSqliteStorage } from '@simfleet/storage/sqlite';
import { questionOf } from '../../src/documents/question.ts';
import { pageSql } from '../../src/sqlite/question-sql.ts';
import { temporaryDirectories } from './directories.ts';

const makeDirectory = temporaryDirectories();

const declaration = {
  name: 'jobs',
  fields: {
    customer: { path: ['customer'], type: 'text' },
    state: { path: ['state'], type: 'text' },
    createdAt: { path: ['createdAt'], type: 'time' },
  },
  sorts: ['createdAt'],
  indexes: [
    { equal: ['state'], sort: 'createdAt' },
    { equal: ['customer', 'state'], sort: 'createdAt' },
  ],
} as const satisfies CollectionDeclaration;

const failed: Filter = { op: 'eq', field: 'state', value: 'Failed' };
const acme: Filter = { op: 'eq', field: 'customer', value: 'acme' };
const filters: readonly { readonly of: string; readonly filter?: Filter; readonly index: string }[] = [
  { of: 'all rows', index: 'i_jobs_createdAt' },
  { of: 'rows of a customer', filter: acme, index: 'i_jobs_customer_createdAt' },
  { of: 'rows in a state', filter: failed, index: 'i_jobs.state.createdAt' },
  {
    of: 'rows of a customer in a state',
    filter: { op: 'and', all: [acme, failed] },
    index: 'i_jobs.customer.state.createdAt',
  },
];
const deep = { key: '2026-01-01T00:00:00.000Z', id: 'm' };
const places: readonly { readonly at: string; readonly place: Pick<Query, 'after' | 'before'> }[] = [
  { at: 'at the start', place: {} },
  { at: 'deep inside', place: { after: deep } },
  { at: 'deep inside, walking back', place: { before: deep } },
];

test('a page of any narrowed list is one stretch of the index declared for it: nothing sorted, nothing left out', async () => {
  const file = join(await makeDirectory(), 'store.db');
  const storage = await openSqliteStorage({ file });
  await storage.collection(declaration);
  const db = new DatabaseSync(file, { readOnly: true });
  const planOf = (query: Query): readonly string[] =>
    pageSql('jobs', questionOf(declaration, query)).flatMap(({ text, parameters }) =>
      db
        .prepare(`EXPLAIN QUERY PLAN ${text}`)
        .all(...parameters, 51, 0)
        .map(({ detail }) => String(detail)),
    );
  for (const { of, filter, index } of filters) {
    for (const { at, place } of places) {
      for (const direction of ['ascending', 'descending'] as const) {
        const sort = { field: 'createdAt', direction };
        const steps = planOf({ sort, limit: 50, ...place, ...(filter === undefined ? {} : { filter }) });
        for (const step of steps) assert.ok(step.includes(`USING INDEX ${index}`), `${of} ${at} ${direction}: ${step}`);
      }
    }
  }
  db.close();
  await storage.close();
});

test('an index over no field, twice over a field, or in an order that is no sort is refused', async () => {
  const storage = await openSqliteStorage({ file: join(await makeDirectory(), 'store.db') });
  const wrong = [
    { equal: ['colour'], sort: 'createdAt' },
    { equal: ['state', 'state'], sort: 'createdAt' },
    { equal: [], sort: 'createdAt' },
    { equal: ['customer'], sort: 'state' },
  ];
  for (const index of wrong) {
    await assert.rejects(storage.collection({ ...declaration, indexes: [index] }), { code: 'invalid-configuration' });
  }
  await storage.close();
});
