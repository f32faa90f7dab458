import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page, Principal } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Sort, Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock } from '@simfleet/testing';
import fc from 'fast-check';
import { createCursorCodec, cursorKey, defineList } from '../../packages/http/src/index.ts';
import { onEveryStore } from './stores.ts';

const declaration = {
  name: 'rows',
  fields: {
    text: { path: ['text'], type: 'text' },
    number: { path: ['number'], type: 'number' },
    big: { path: ['big'], type: 'integer64' },
    time: { path: ['at', 'time'], type: 'time' },
    flag: { path: ['flag'], type: 'boolean' },
  },
  sorts: ['text', 'number', 'big', 'time', 'flag'],
} as const satisfies CollectionDeclaration;

interface Row {
  readonly customer: string;
  readonly text: string | null;
  readonly number: number | null;
  readonly big: string | null;
  readonly at: { readonly time: string | null };
  readonly flag: boolean | null;
}

/** Where UTF-16 order, locales and code points differ: case, accents, the private use area, and beyond the basic plane. */
const letters = ['a', 'A', 'b', 'Z', 'ä', 'z', 'ß', '_', '0', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{1f600}'];
const anyText = fc.string({ unit: fc.constantFrom(...letters), maxLength: 3 });
const anyRow: fc.Arbitrary<Row> = fc.record({
  customer: fc.constant('acme'),
  text: fc.option(anyText),
  number: fc.option(fc.constantFrom(-1e300, -1.5, 0, 5e-324, 0.1, 2 ** 53, 1e300)),
  big: fc.option(
    fc.constantFrom(
      '-9223372036854775808',
      '-1',
      '0',
      '9007199254740993',
      '9223372036854775807',
      '18446744073709551615',
    ),
  ),
  at: fc.record({
    time: fc.option(
      fc.constantFrom('1969-12-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z'),
    ),
  }),
  flag: fc.option(fc.boolean()),
});
const anyId = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 4 });

const administrator: Principal = { id: 'administrator', kind: 'administrator', customers: '*' };
const codec = createCursorCodec({ keys: [cursorKey(1, Buffer.alloc(32, 7))], clock: fakeClock() });
const list = defineList({ list: 'rows', collection: declaration, sorts: declaration.sorts, fallback: 'text' });

const pageOf = async (collection: Collection<Row>, sort: Sort, cursor: string | null): Promise<Page<string>> => {
  const query = { ...list.query.parse({ limit: '4', ...(cursor === null ? {} : { cursor }) }), sort };
  const show = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id);
  const answer = await list.answer({ codec, collection, query, principal: administrator, url: '/v1/rows', show });
  return answer.body as Page<string>;
};

/** Every page of a walk to the end and back, with the very bytes of its cursors. */
const walk = async (collection: Collection<Row>, sort: Sort): Promise<readonly Page<string>[]> => {
  const pages = [await pageOf(collection, sort, null)];
  for (const direction of ['next', 'prev'] as const) {
    for (let cursor = pages.at(-1)?.[direction] ?? null; cursor !== null; cursor = pages.at(-1)?.[direction] ?? null) {
      pages.push(await pageOf(collection, sort, cursor));
      assert.ok(pages.length < 100, 'the walk does not end');
    }
  }
  return pages;
};

const filled = async (
  storage: Storage,
  rows: readonly (readonly [id: string, row: Row])[],
): Promise<Collection<Row>> => {
  const collection = await storage.collection<Row>(declaration);
  for (const [id, row] of rows) await collection.insert(id, row);
  return collection;
};

const seed = 20261122;
const rows = fc.sample(
  fc.uniqueArray(fc.tuple(anyId, anyRow), { selector: ([id]) => id, minLength: 45, maxLength: 45 }),
  {
    seed,
    numRuns: 1,
  },
)[0] as readonly (readonly [string, Row])[];

onEveryStore((name, opened) => {
  test(`${name}: the pages and the bytes of their cursors are those of memory, forth and back, by every type (seed ${seed})`, async (t) => {
    const storage = await opened().open();
    t.after(() => storage.close());
    const collection = await filled(storage, rows);
    const model = await filled(openMemoryStorage(), rows);
    for (const field of declaration.sorts) {
      for (const direction of ['ascending', 'descending'] as const) {
        const expected = await walk(model, { field, direction });
        assert.equal(expected.length, 2 * Math.ceil(rows.length / 4) - 1);
        assert.deepEqual(await walk(collection, { field, direction }), expected, `${field} ${direction}`);
      }
    }
  });
});
