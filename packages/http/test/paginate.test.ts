import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page, Principal } from '@simfleet/contracts';
import type { Collection, Filter, Sort } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock } from '@simfleet/testing';
import fc from 'fast-check';
import { answerPage, createCursorCodec, cursorKey, listQuery, paginate, sortQuery } from '../src/index.ts';

interface Row {
  readonly customer: string;
  readonly rank: number | null;
}

const administrator: Principal = { id: 'administrator', kind: 'administrator', customers: '*' };
const codec = createCursorCodec({ keys: [cursorKey(1, Buffer.alloc(32, 7))], clock: fakeClock() });

const collectionOf = async (rows: readonly (number | null)[]): Promise<Collection<Row>> => {
  const collection = await openMemoryStorage().collection<Row>({
    name: 'rows',
    fields: { rank: { path: ['rank'], type: 'number' }, customer: { path: ['customer'], type: 'text' } },
    sorts: ['rank'],
  });
  for (const [index, rank] of rows.entries()) await collection.insert(idOf(index), { customer: 'acme', rank });
  return collection;
};

const idOf = (index: number): string => `row-${String(index).padStart(4, '0')}`;

interface List {
  readonly collection: Collection<Row>;
  readonly sort: Sort;
  readonly limit: number;
  readonly filter?: Filter;
  readonly principal?: Principal;
}
const pageOf = ({ limit, principal = administrator, ...list }: List, cursor: string | null): Promise<Page<string>> =>
  paginate({
    codec,
    ...list,
    list: 'rows',
    query: { limit, ...(cursor === null ? {} : { cursor }) },
    principal,
    show: ({ id }) => id,
  });

const anyRanks = fc.array(fc.option(fc.integer({ min: 0, max: 5 })), { maxLength: 25 });
const anySort = fc
  .constantFrom('ascending' as const, 'descending' as const)
  .map((direction): Sort => ({ field: 'rank', direction }));

test('walking forth shows every row once in order, and walking back shows the same pages', async () => {
  await fc.assert(
    fc.asyncProperty(anyRanks, anySort, fc.integer({ min: 1, max: 7 }), async (ranks, sort, limit) => {
      const list = { collection: await collectionOf(ranks), sort, limit };
      const forth: Page<string>[] = [await pageOf(list, null)];
      for (let next = forth[0]?.next ?? null; next !== null; next = forth.at(-1)?.next ?? null) {
        forth.push(await pageOf(list, next));
      }
      const all = await pageOf({ ...list, limit: 1000 }, null);
      assert.deepEqual(
        forth.flatMap(({ items }) => items),
        all.items,
      );
      assert.equal(all.items.length, ranks.length);
      const back = [forth.at(-1) as Page<string>];
      for (let prev = back[0]?.prev ?? null; prev !== null; prev = back[0]?.prev ?? null) {
        back.unshift(await pageOf(list, prev));
      }
      assert.deepEqual(
        back.map(({ items }) => items),
        forth.map(({ items }) => items),
      );
      assert.equal(forth[0]?.prev, null);
      assert.equal(back[0]?.prev, null);
    }),
    { numRuns: 60 },
  );
});

test('rows that come and go while someone pages neither repeat nor hide the others', async () => {
  const changes = fc.array(
    fc.record({ insert: fc.boolean(), index: fc.nat(99), rank: fc.integer({ min: 0, max: 5 }) }),
    {
      maxLength: 12,
    },
  );
  await fc.assert(
    fc.asyncProperty(anyRanks, anySort, fc.integer({ min: 1, max: 4 }), changes, async (ranks, sort, limit, script) => {
      const list = { collection: await collectionOf(ranks), sort, limit };
      const present = new Set(ranks.map((_, index) => idOf(index)));
      const seen: string[] = [];
      let fresh = ranks.length;
      for (let cursor: string | null = null, round = 0; ; round++) {
        const page: Page<string> = await pageOf(list, cursor);
        seen.push(...page.items);
        cursor = page.next;
        if (cursor === null) break;
        const change = script[round];
        if (change === undefined) continue;
        const id = idOf(change.index);
        if (change.insert) await list.collection.insert(idOf(fresh++), { customer: 'acme', rank: change.rank });
        else if (present.delete(id)) await list.collection.delete(id, 1);
      }
      for (const id of present) assert.equal(seen.filter((each) => each === id).length, 1, id);
      assert.equal(new Set(seen).size, seen.length);
    }),
    { numRuns: 60 },
  );
});

test('a cursor stays good when its own row is deleted', async () => {
  const list = {
    collection: await collectionOf([1, 2, 3, 4]),
    sort: sortQuery(['rank'], 'rank').parse('rank'),
    limit: 2,
  };
  const first = await pageOf(list, null);
  await list.collection.delete(idOf(1), 1);
  assert.deepEqual((await pageOf(list, first.next)).items, [idOf(2), idOf(3)]);
});

test('a cursor of another principal, filter or sort is refused', async () => {
  const collection = await collectionOf([1, 2, 3]);
  const list: List = { collection, sort: { field: 'rank', direction: 'ascending' }, limit: 1 };
  const { next } = await pageOf(list, null);
  const others: readonly List[] = [
    { ...list, principal: { ...administrator, customers: ['acme'] } },
    { ...list, principal: { ...administrator, id: 'someone' } },
    { ...list, filter: { op: 'eq', field: 'customer', value: 'acme' } },
    { ...list, sort: { field: 'rank', direction: 'descending' } },
  ];
  for (const other of others) await assert.rejects(pageOf(other, next), { code: 'invalid-cursor' });
  assert.deepEqual((await pageOf({ ...list, limit: 2 }, next)).items, [idOf(1), idOf(2)]);
});

for (const limit of ['0', '-1', '1001', '1.5', 'ten', '', '1e2', ['1', '2']]) {
  test(`limit ${JSON.stringify(limit)} is a mistake`, () => {
    assert.equal(listQuery.safeParse({ limit }).success, false);
  });
}
test('limits 1 and 1000 are taken, and 50 without one', () => {
  assert.deepEqual(
    [{ limit: '1' }, { limit: '1000' }, {}].map((query) => listQuery.parse(query).limit),
    [1, 1000, 50],
  );
});

test('a sort is one of the fields, with a minus for descending', () => {
  const sort = sortQuery(['createdAt', 'name'], '-createdAt');
  assert.deepEqual(sort.parse(undefined), { field: 'createdAt', direction: 'descending' });
  assert.deepEqual(sort.parse('name'), { field: 'name', direction: 'ascending' });
  assert.equal(sort.safeParse('state').success, false);
});

test('the Link header carries the neighbours with the other parameters kept', () => {
  const page = { items: [], next: 'NEXT', prev: 'PREV' };
  assert.deepEqual(answerPage('/v1/jobs?state=Running&cursor=OLD', page).headers, {
    link: '</v1/jobs?state=Running&cursor=NEXT>; rel="next", </v1/jobs?state=Running&cursor=PREV>; rel="prev"',
  });
  assert.equal(answerPage('/v1/jobs', { items: [], next: null, prev: null }).headers, undefined);
});
