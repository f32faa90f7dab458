import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryStorage } from '@simfleet/storage/memory';
import fc from 'fast-check';
import { defineList, mistakesOf } from '../src/index.ts';
import { ask, collectionOf, idOf, parametersOf, rowsCollection, rowsList } from './rows.ts';

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

test('the numbered pages together are the list, the last one with what is left, and their links lead through it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 1, max: 7 }), async (count, pageSize) => {
      const list = { collection: await collectionOf(upTo(count)) };
      const seen: string[] = [];
      const last = Math.max(1, Math.ceil(count / pageSize));
      let { page, links } = await ask(list, { pageSize, total: 'exact' });
      for (let number = 1; ; number++) {
        assert.deepEqual([page.page, page.pageSize, page.total], [number, pageSize, { count, exact: true }]);
        assert.equal(page.items.length, Math.min(pageSize, count - seen.length));
        seen.push(...page.items);
        assert.equal(parametersOf(links['last'])['page'], number === last ? undefined : String(last));
        assert.equal(parametersOf(links['prev'])['page'], number === 1 ? undefined : String(number - 1));
        assert.equal('first' in links, number > 1);
        assert.equal('next' in links, number < last);
        if (number === last) break;
        ({ page, links } = await ask(list, parametersOf(links['next'])));
      }
      assert.deepEqual(seen, upTo(count).map(idOf));
    }),
    { numRuns: 60 },
  );
});

test('a page past the end is empty and no error, and leads back to the last page', async () => {
  const list = { collection: await collectionOf(upTo(5)) };
  const { page, links } = await ask(list, { page: 9, pageSize: 2, total: 'exact' });
  assert.deepEqual(page, { items: [], next: null, prev: null, page: 9, pageSize: 2, total: { count: 5, exact: true } });
  assert.deepEqual(
    ['first', 'prev', 'next', 'last'].map((relation) => parametersOf(links[relation])['page']),
    ['1', '3', undefined, '3'],
  );
});

test('an empty list has one empty page', async () => {
  const list = { collection: await collectionOf([]) };
  const expected = { items: [], next: null, prev: null, page: 1, pageSize: 50 };
  assert.deepEqual(await ask(list, { page: 1 }), { page: expected, links: {} });
  const total = { count: 0, exact: true };
  assert.deepEqual((await ask(list, { page: 1, total: 'capped' })).page, { ...expected, total });
});

test('the cursors of a numbered page go on beside its ends', async () => {
  const list = { collection: await collectionOf(upTo(9)) };
  const { page } = await ask(list, { page: 2, pageSize: 3 });
  assert.deepEqual((await ask(list, { limit: 3, cursor: page.next ?? '' })).page.items, [6, 7, 8].map(idOf));
  assert.deepEqual((await ask(list, { limit: 3, cursor: page.prev ?? '' })).page.items, [0, 1, 2].map(idOf));
  assert.deepEqual(
    [(await ask(list, { page: 1 })).page.prev, (await ask(list, { page: 3, pageSize: 3 })).page.next],
    [null, null],
  );
});

test('the deepest page by number links on by cursor, without gap or repetition', async () => {
  const storage = openMemoryStorage();
  const list = { collection: await collectionOf(upTo(12_003), storage) };
  const { page, links } = await ask(list, { page: 11, pageSize: 1000, total: 'exact' });
  assert.deepEqual([page.items[0], page.items.length], [idOf(10_000), 1000]);
  const next = parametersOf(links['next']);
  assert.deepEqual(Object.keys(next).sort(), ['cursor', 'limit', 'total']);
  assert.equal((await ask(list, next)).page.items[0], idOf(11_000));
  assert.equal(links['last'], undefined, 'the last page cannot be reached by number');
});

const totals: readonly { readonly rows: number; readonly mode: string; readonly total: unknown }[] = [
  { rows: 1000, mode: 'capped', total: { count: 1000, exact: true } },
  { rows: 1001, mode: 'capped', total: { count: 1000, exact: false } },
  { rows: 1001, mode: 'exact', total: { count: 1001, exact: true } },
  { rows: 1001, mode: 'none', total: undefined },
];
for (const { rows, mode, total } of totals) {
  test(`the ${mode} total of ${rows} rows is ${JSON.stringify(total) ?? 'not told'}, on both kinds of pages`, async () => {
    const list = { collection: await collectionOf(upTo(rows)) };
    assert.deepEqual((await ask(list, { total: mode, limit: 1 })).page.total, total);
    assert.deepEqual((await ask(list, { total: mode, page: 2 })).page.total, total);
  });
}

test('totals count the rows of the filter', async () => {
  const collection = await collectionOf([0, 0, 1, 1, 1]);
  const filter = { op: 'eq', field: 'rank', value: 1 } as const;
  assert.deepEqual((await ask({ collection, filter }, { total: 'exact', limit: 1 })).page.total, {
    count: 3,
    exact: true,
  });
});

/** Pointer and sentence of every mistake in these parameters. */
const mistakes = (query: Readonly<Record<string, unknown>>): readonly string[] => {
  const parsed = rowsList.query.safeParse(query);
  return parsed.success
    ? []
    : mistakesOf('query', rowsList.query, parsed.error.issues).map(({ pointer, detail }) => `${pointer} ${detail}`);
};

const size = 'must be a whole number, 1 … 1000';
const number = 'must be a whole number, at least 1';
const wrong: readonly (readonly [Readonly<Record<string, unknown>>, readonly string[]])[] = [
  ...['0', '-1', '1001', '1.5', 'ten', '', '1e3', '+1', ' 1', '0x10', '٣', '9'.repeat(40)].flatMap((text) => [
    [{ limit: text }, [`#query/limit ${size}`]] as const,
    [{ pageSize: text }, [`#query/pageSize ${size}`]] as const,
  ]),
  ...['0', '-1', '1.5', 'one', '', '1e3', '+1', ' 1', 'NaN'].map(
    (text) => [{ page: text }, [`#query/page ${number}`]] as const,
  ),
  [{ page: ['1', '2'] }, ['#query/page must be given once']],
  [{ limit: ['1', '2'] }, ['#query/limit must be given once']],
  [{ cursor: ['a', 'b'] }, ['#query/cursor must be given once']],
  [{ cursor: '' }, ['#query/cursor must not be empty']],
  [{ page: '0', pageSize: '0' }, [`#query/page ${number}`, `#query/pageSize ${size}`]],
  [{ page: '1', limit: '5' }, ['#query/limit cannot go with page: give pageSize instead']],
];
for (const [query, expected] of wrong) {
  test(`${JSON.stringify(query)} is a mistake that names the parameter`, () =>
    assert.deepEqual(mistakes(query), expected));
}

test('a page with a number and a cursor is refused', () => {
  for (const query of [
    { page: '1', cursor: 'x' },
    { pageSize: '9', cursor: 'x' },
  ]) {
    assert.match(mistakes(query).join(), /^#query\/cursor cannot go with page/);
  }
});

test('a page that starts beyond 10,000 items is refused with a hint to cursors; one that starts there is not', () => {
  for (const [page, pageSize] of [
    ['202', '50'],
    ['12', '1000'],
    ['10002', '1'],
    ['9'.repeat(16), '1'],
    ['9'.repeat(400), '50'],
  ]) {
    assert.match(mistakes({ page, pageSize }).join(), /^#query\/page starts more than 10000 items .*"next" as cursor/);
  }
  for (const [page, pageSize] of [
    ['201', '50'],
    ['11', '1000'],
    ['10001', '1'],
  ]) {
    assert.deepEqual(mistakes({ page, pageSize }), []);
  }
});

test('an unknown total is a mistake with what there is', () => {
  assert.match(mistakes({ total: 'all' }).join(), /#query\/total .*exact.*capped.*none/);
});

test('limits 1 and 1000 are taken', () => {
  assert.deepEqual([mistakes({ limit: '1' }), mistakes({ limit: '1000' }), mistakes({})], [[], [], []]);
});

test('a sort is one of the fields, with a minus for descending', () => {
  const declared = { ...rowsCollection, sorts: ['rank', 'customer'] };
  const list = defineList({ list: 'rows', collection: declared, sorts: ['rank', 'customer'], fallback: '-rank' });
  assert.deepEqual(list.query.parse({}).sort, { field: 'rank', direction: 'descending' });
  assert.deepEqual(list.query.parse({ sort: 'customer' }).sort, { field: 'customer', direction: 'ascending' });
  assert.equal(list.query.safeParse({ sort: 'state' }).success, false);
});

test('a list that offers a sort without an index is refused before anything is served, named with the sort', () => {
  const offered = { list: 'rows', collection: rowsCollection, sorts: ['rank', 'customer'], fallback: 'rank' };
  assert.throws(() => defineList(offered), {
    code: 'invalid-configuration',
    message: /list "rows".*sorted by "customer".*"rows" has no index/,
  });
  assert.throws(() => defineList({ ...offered, sorts: ['rank'], fallback: '-customer' }), {
    code: 'invalid-configuration',
  });
});
