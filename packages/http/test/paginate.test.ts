import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimfleetError } from '@simfleet/contracts';
import fc from 'fast-check';
import { paginate } from '../src/index.ts';

const anyItems = fc.array(fc.integer(), { maxLength: 60 });
const anySize = fc.integer({ min: 1, max: 1000 });

test('all pages together are the list; all but the last are full, and pages past the end are empty', () => {
  fc.assert(
    fc.property(anyItems, fc.integer({ min: 1, max: 20 }), fc.nat(1_000_000), (items, size, beyond) => {
      const { lastPage } = paginate(items, 1, size);
      const pages = Array.from({ length: lastPage }, (_, index) => paginate(items, index + 1, size));
      assert.deepEqual(
        pages.flatMap((page) => page.items),
        items,
      );
      for (const page of pages.slice(0, -1)) assert.equal(page.items.length, size);
      if (items.length > 0) assert.notEqual(pages.at(-1)?.items.length, 0);
      assert.deepEqual(paginate(items, lastPage + 1 + beyond, size).items, []);
    }),
  );
});

test('a page says its number, the size asked for, and the total', () => {
  fc.assert(
    fc.property(anyItems, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), anySize, (items, page, size) => {
      const { items: _, lastPage, ...rest } = paginate(items, page, size);
      assert.deepEqual(rest, { page, pageSize: size, total: { count: items.length, exact: true } });
      assert.equal(lastPage, Math.max(1, Math.ceil(items.length / size)));
    }),
  );
});

test('an empty list has one empty page', () => {
  assert.deepEqual(paginate([], 1, 10), {
    items: [],
    page: 1,
    pageSize: 10,
    total: { count: 0, exact: true },
    lastPage: 1,
  });
});

const wrong: readonly (readonly [page: number, size: number, pointers: readonly string[]])[] = [
  [0, 10, ['#query/page']],
  [-1, 10, ['#query/page']],
  [1.5, 10, ['#query/page']],
  [Number.NaN, 10, ['#query/page']],
  [Infinity, 10, ['#query/page']],
  [2 ** 53, 10, ['#query/page']],
  [1, 0, ['#query/pageSize']],
  [1, -5, ['#query/pageSize']],
  [1, 2.5, ['#query/pageSize']],
  [1, 1001, ['#query/pageSize']],
  [1, Number.NaN, ['#query/pageSize']],
  [0, 0, ['#query/page', '#query/pageSize']],
];
for (const [page, size, pointers] of wrong) {
  test(`page ${page} of size ${size} is a mistake of ${pointers.join(' and ')}`, () => {
    assert.throws(
      () => paginate([1, 2, 3], page, size),
      (error: SimfleetError) => {
        assert.equal(error.code, 'invalid-request');
        assert.deepEqual(
          error.mistakes.map(({ pointer }) => pointer),
          pointers,
        );
        return true;
      },
    );
  });
}
