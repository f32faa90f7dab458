import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Collection, Document } from '@simfleet/storage';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { compareText, keyIn } from '@simfleet/storage/documents';
import { Client } from 'pg';
import { withPostgres } from './server.ts';

interface Named extends Document {
  readonly name: string;
}

const titles = [
  'b',
  'B',
  'a',
  'A',
  'é',
  'z',
  'Z',
  '_',
  'a b',
  'ab',
  '\ue000',
  '\uffff',
  '😀',
  '',
  'ä',
  'ß',
  'ss',
  '-a',
];

const digits = (count: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: count, maxLength: count });
const two = (least: number, most: number): fc.Arbitrary<string> =>
  fc.integer({ min: least, max: most }).map((value) => String(value).padStart(2, '0'));
const time = fc
  .tuple(
    fc.oneof(digits(4), fc.constantFrom('0000', '0001', '1969', '1970', '2000', '2024', '2100', '9999')),
    two(1, 12),
    two(1, 31),
    two(0, 24),
    two(0, 59),
    two(0, 59),
    fc.oneof(
      fc.constant(''),
      fc.integer({ min: 1, max: 12 }).chain((count) => digits(count).map((text) => `.${text}`)),
    ),
    fc.oneof(
      fc.constant('Z'),
      fc
        .tuple(fc.constantFrom('+', '-'), two(0, 23), two(0, 59))
        .map(([sign, hours, minutes]) => `${sign}${hours}:${minutes}`),
    ),
  )
  .map(
    ([year, month, day, hour, minute, second, fraction, zone]) =>
      `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${zone}`,
  )
  // The port takes 24:00:00, and refuses a fraction behind it.
  .filter((text) => !Number.isNaN(Date.parse(text.replace(/(\.\d{3})\d+/, '$1'))));
const integer = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constantFrom(-(2n ** 63n), -1n, 0n, 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
);

withPostgres((server) => {
  for (const icuLocale of [undefined, 'en-US', 'de-DE-u-co-phonebk']) {
    test(`text sorts by code point in a database of the locale ${icuLocale ?? 'C'}`, async () => {
      const url = await server().createDatabase(icuLocale === undefined ? {} : { icuLocale });
      const storage = await openPostgresStorage({ url });
      const named: Collection<Named> = await storage.collection<Named>({
        name: 'named',
        fields: { name: { path: ['name'], type: 'text' } },
        sorts: ['name'],
      });
      for (const [index, name] of titles.entries()) await named.insert(`id ${index}`, { customer: 'acme', name });
      const sorted = titles.toSorted(compareText);
      const page = await named.query({ sort: { field: 'name', direction: 'ascending' }, limit: 100 });
      assert.deepEqual(
        page.rows.map(({ doc }) => doc.name),
        sorted,
      );
      for (const [index, name] of sorted.entries()) {
        const after = page.rows[index]?.position;
        assert.ok(after);
        const rest = await named.query({ sort: { field: 'name', direction: 'ascending' }, limit: 100, after });
        assert.deepEqual(
          rest.rows.map(({ doc }) => doc.name),
          sorted.slice(index + 1),
        );
        assert.equal(await named.count({ op: 'range', field: 'name', from: name }), sorted.length - index);
        assert.equal(
          await named.count({ op: 'prefix', field: 'name', prefix: name }),
          titles.filter((title) => title.startsWith(name)).length,
        );
      }
      await storage.close();
    });
  }

  test('PostgreSQL draws the same keys out of a document as the port does', async () => {
    const url = await server().createDatabase();
    await (await openPostgresStorage({ url })).close();
    const client = new Client({ connectionString: url });
    await client.connect();
    const ask = async (sql: string, values: readonly string[]): Promise<readonly unknown[]> =>
      (await client.query<{ key: unknown }>(sql, [values])).rows.map(({ key }) => key);
    await fc.assert(
      fc.asyncProperty(fc.array(time, { minLength: 20, maxLength: 60 }), async (times) => {
        const keys = await ask('SELECT simfleet.milliseconds(t)::text AS key FROM unnest($1::text[]) AS t', times);
        assert.deepEqual(
          keys,
          times.map((at) => String(keyIn({ path: ['at'], type: 'time' }, { at }))),
        );
      }),
      { numRuns: 40 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(integer.map(String), { minLength: 5, maxLength: 40 }), async (integers) => {
        const keys = await ask('SELECT simfleet.ordered_integer(t) AS key FROM unnest($1::text[]) AS t', integers);
        assert.deepEqual(
          keys,
          integers.map((n) => keyIn({ path: ['n'], type: 'integer64' }, { n })),
        );
      }),
    );
    const wrong = ['', '1.5', '-0', '01', '-9223372036854775809', '18446744073709551616', 'x'];
    assert.deepEqual(
      await ask('SELECT simfleet.ordered_integer(t) AS key FROM unnest($1::text[]) AS t', wrong),
      wrong.map(() => null),
    );
    const never = ['', 'yesterday', '2026-01-01', '2026-01-01T00:00:00', '2026-01-01 00:00:00Z'];
    assert.deepEqual(
      await ask('SELECT simfleet.milliseconds(t) AS key FROM unnest($1::text[]) AS t', never),
      never.map(() => null),
    );
    await client.end();
  });
});
