import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from '@simfleet/contracts';
import type { Sort } from '@simfleet/storage';
import fc from 'fast-check';
import { administrator, ask, collectionOf, idOf, parametersOf } from './rows.ts';
import type { Asked } from './rows.ts';

const anyRanks = fc.array(fc.option(fc.integer({ min: 0, max: 5 })), { maxLength: 25 });
const anySort = fc
  .constantFrom('ascending' as const, 'descending' as const)
  .map((direction): Sort => ({ field: 'rank', direction }));

const pageOf = async (asked: Asked, limit: number, cursor: string | null): Promise<Page<string>> =>
  (await ask(asked, { limit, ...(cursor === null ? {} : { cursor }) })).page;

test('walking forth shows every row once in order, and walking back shows the same pages', async () => {
  await fc.assert(
    fc.asyncProperty(anyRanks, anySort, fc.integer({ min: 1, max: 7 }), async (ranks, sort, limit) => {
      const list = { collection: await collectionOf(ranks), sort };
      const forth: Page<string>[] = [await pageOf(list, limit, null)];
      for (let next = forth[0]?.next ?? null; next !== null; next = forth.at(-1)?.next ?? null) {
        forth.push(await pageOf(list, limit, next));
      }
      const all = await pageOf(list, 1000, null);
      assert.deepEqual(
        forth.flatMap(({ items }) => items),
        all.items,
      );
      assert.equal(all.items.length, ranks.length);
      const back = [forth.at(-1) as Page<string>];
      for (let prev = back[0]?.prev ?? null; prev !== null; prev = back[0]?.prev ?? null) {
        back.unshift(await pageOf(list, limit, prev));
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

test('a cursor stays good when its own row is deleted', async () => {
  const list = { collection: await collectionOf([1, 2, 3, 4]) };
  const first = await pageOf(list, 2, null);
  await list.collection.delete(idOf(1), 1);
  assert.deepEqual((await pageOf(list, 2, first.next)).items, [idOf(2), idOf(3)]);
});

test('a cursor of another principal, filter or sort is refused', async () => {
  const list: Asked = { collection: await collectionOf([1, 2, 3]) };
  const { next } = await pageOf(list, 1, null);
  const others: readonly Asked[] = [
    { ...list, principal: { ...administrator, customers: ['acme'] } },
    { ...list, principal: { ...administrator, id: 'someone' } },
    { ...list, filter: { op: 'eq', field: 'customer', value: 'acme' } },
    { ...list, sort: { field: 'rank', direction: 'descending' } },
  ];
  for (const other of others) await assert.rejects(pageOf(other, 1, next), { code: 'invalid-cursor' });
  assert.deepEqual((await pageOf(list, 2, next)).items, [idOf(1), idOf(2)]);
});

test('links lead to the next, the previous and the first page, with the other parameters kept', async () => {
  const list = { collection: await collectionOf([1, 2, 3, 4, 5]) };
  const first = await ask(list, { limit: 2, total: 'exact' });
  assert.deepEqual(Object.keys(first.links), ['next']);
  const next = parametersOf(first.links['next']);
  assert.deepEqual(next, { limit: '2', total: 'exact', cursor: first.page.next });
  const second = await ask(list, next);
  assert.deepEqual(second.page.items, [idOf(2), idOf(3)]);
  assert.deepEqual(Object.keys(second.links), ['first', 'prev', 'next']);
  assert.deepEqual(parametersOf(second.links['first']), { limit: '2', total: 'exact' });
  assert.deepEqual((await ask(list, parametersOf(second.links['prev']))).page.items, first.page.items);
  const last = await ask(list, parametersOf(second.links['next']));
  assert.deepEqual([Object.keys(last.links), last.page.items], [['first', 'prev'], [idOf(4)]]);
});

test('a list on one page has no links', async () => {
  const { page, links } = await ask({ collection: await collectionOf([1]) });
  assert.deepEqual([page, links], [{ items: [idOf(0)], next: null, prev: null }, {}]);
});
