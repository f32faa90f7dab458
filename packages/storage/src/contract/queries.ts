import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Collection, Query, Sort } from '../collection.ts';
import type { Storage } from '../storage.ts';
import { anyFilter, anyNotes, anySort } from './arbitrary.ts';
import { sortedIds } from './reference.ts';
import { note, noteEvent, openNotes, refused, refusedAt, type Note } from './samples.ts';
import { withStorage, type StorageSuite } from './suite.ts';

type Question = Omit<Query, 'limit' | 'after' | 'before'>;

/** Ids of all rows, page by page: forwards from the start, or backwards from beyond the end. */
const walk = async (
  notes: Collection<Note>,
  question: Question,
  limit: number,
  way: 'after' | 'before',
): Promise<readonly string[]> => {
  const ids: string[] = [];
  const first = way === 'after' ? question : await turned(notes, question);
  if (first === null) return ids;
  for (let query: Query = { ...first, limit }; ;) {
    const { rows, more } = await notes.query(query);
    assert.ok(rows.length <= limit && (!more || rows.length === limit), 'a page before the last is full');
    ids[way === 'after' ? 'push' : 'unshift'](...rows.map(({ id }) => id));
    const edge = way === 'after' ? rows.at(-1) : rows[0];
    if (!more || edge === undefined) return ids;
    query = { ...question, limit, [way]: edge.position };
  }
};

/** A question that starts beyond the last row, or null when there is none. The last row itself is then not in the walk. */
const turned = async (notes: Collection<Note>, question: Question): Promise<Omit<Query, 'limit'> | null> => {
  const last = (await notes.query({ ...question, limit: 1000 })).rows.at(-1);
  return last === undefined ? null : { ...question, before: last.position };
};

const order = async (
  storage: Storage,
  field: string,
  docs: readonly (readonly [id: string, rest: Omit<Note, 'customer'>])[],
): Promise<readonly string[]> => {
  const notes = await openNotes(storage);
  for (const [id, rest] of docs) await notes.insert(id, note(rest));
  const up = await walk(notes, { sort: { field, direction: 'ascending' } }, 1, 'after');
  const down = await walk(notes, { sort: { field, direction: 'descending' } }, 2, 'after');
  assert.deepEqual(down, up.toReversed(), 'descending is ascending turned round');
  return up;
};

/** Letters for a number: names of collections hold no digits. */
const lettered = (count: number): string =>
  `notes_${[...String(count)].map((digit) => 'abcdefghij'[Number(digit)]).join('')}`;

export const testQueries = (suite: StorageSuite): void => {
  test('text sorts by Unicode code point, beyond the basic plane too', () =>
    withStorage(suite, async (storage) => {
      const titles = ['😀', '\uffff', '\ue000', '\u{10ffff}', 'é', 'z', 'Z', '', 'za'];
      const ids = await order(
        storage,
        'title',
        titles.map((title, index) => [`${index}`, { title }]),
      );
      assert.deepEqual(
        ids.map((id) => titles[Number(id)]),
        ['', 'Z', 'z', 'za', 'é', '\ue000', '\uffff', '😀', '\u{10ffff}'],
      );
    }));

  test('null and missing values sort first, as equals', () =>
    withStorage(suite, async (storage) => {
      const ids = await order(storage, 'weight', [
        ['b', { weight: null }],
        ['c', { weight: -1e300 }],
        ['a', {}],
        ['d', { weight: 0 }],
      ]);
      assert.deepEqual(ids, ['a', 'b', 'c', 'd']);
    }));

  test('rows with equal keys sort by id, and no page loses one', () =>
    withStorage(suite, async (storage) => {
      const ids = await order(
        storage,
        'title',
        ['\uffff', 'b', '😀', 'a', 'c'].map((id) => [id, { title: 'same' }]),
      );
      assert.deepEqual(ids, ['a', 'b', 'c', '\uffff', '😀']);
    }));

  test('64-bit keys sort as numbers and keep every digit', () =>
    withStorage(suite, async (storage) => {
      const serials = [
        '9007199254740993',
        '18446744073709551615',
        '10',
        '-9223372036854775808',
        '9',
        '9007199254740992',
        '18446744073709551614',
        '-1',
      ];
      const ids = await order(
        storage,
        'serial',
        serials.map((serial, index) => [`${index}`, { serial }]),
      );
      assert.deepEqual(
        ids.map((id) => serials[Number(id)]),
        [
          '-9223372036854775808',
          '-1',
          '9',
          '10',
          '9007199254740992',
          '9007199254740993',
          '18446744073709551614',
          '18446744073709551615',
        ],
      );
    }));

  test('times sort to the millisecond, whatever their zone', () =>
    withStorage(suite, async (storage) => {
      const ids = await order(storage, 'at', [
        ['a', { at: '2026-01-01T00:00:00.003Z' }],
        ['b', { at: '2026-01-01T01:00:00.002+01:00' }],
        ['c', { at: '2026-01-01T00:00:00.001Z' }],
        ['d', { at: '1969-12-31T23:59:59.999Z' }],
      ]);
      assert.deepEqual(ids, ['d', 'c', 'b', 'a']);
    }));

  test('any data, sort, filter and page size: pages join to the sorted whole, forwards and backwards', () =>
    withStorage(suite, async (storage) => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          anyNotes,
          anySort,
          fc.option(anyFilter, { nil: undefined }),
          fc.integer({ min: 1, max: 7 }),
          async (data, sort, filter, limit) => {
            run += 1;
            const notes = await openNotes(storage, lettered(run));
            await Promise.all([...data].map(([id, doc]) => notes.insert(id, doc)));
            const question: Question = filter === undefined ? { sort } : { sort, filter };
            const expected = sortedIds(data, sort, filter);
            assert.deepEqual(await walk(notes, question, limit, 'after'), expected);
            assert.deepEqual(await walk(notes, question, limit, 'before'), expected.slice(0, -1));
            assert.equal(await notes.count(filter), expected.length);
            for (const offset of [0, limit, expected.length - 1, expected.length, 10_000].filter((each) => each >= 0)) {
              const { rows, more } = await notes.query({ ...question, limit, offset });
              assert.deepEqual(
                rows.map(({ id }) => id),
                expected.slice(offset, offset + limit),
              );
              assert.equal(more, expected.length > offset + limit);
            }
            for (const atMost of [limit, expected.length + 1]) {
              assert.equal(await notes.count(filter, atMost), Math.min(atMost, expected.length));
            }
          },
        ),
        { numRuns: 60 },
      );
    }));

  test('a page starts where its neighbour ended, though that row has changed or gone', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      for (const id of ['a', 'b', 'c', 'd']) await notes.insert(id, note({ title: id }));
      const sort: Sort = { field: 'title', direction: 'ascending' };
      const edge = (await notes.query({ sort, limit: 2 })).rows[1]?.position;
      assert.deepEqual(edge, { key: 'b', id: 'b' });
      await notes.delete('b', 1);
      assert.deepEqual(
        (await notes.query({ sort, limit: 2, after: edge })).rows.map(({ id }) => id),
        ['c', 'd'],
      );
      assert.deepEqual(
        (await notes.query({ sort, limit: 2, before: edge })).rows.map(({ id }) => id),
        ['a'],
      );
    }));

  test('an offset leaves out rows from the start, in both directions, with a filter, beyond the end too', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      for (const id of ['a', 'b', 'c', 'd', 'e'])
        await notes.insert(id, note({ title: id === 'a' ? null : id, done: id > 'b' }));
      const ids = async (query: Omit<Query, 'sort'>, direction: Sort['direction'] = 'ascending'): Promise<string> => {
        const { rows, more } = await notes.query({ sort: { field: 'title', direction }, ...query });
        return `${rows.map(({ id }) => id).join('')}${more ? ' …' : ''}`;
      };
      assert.equal(await ids({ limit: 2, offset: 0 }), 'ab …');
      assert.equal(await ids({ limit: 2, offset: 2 }), 'cd …');
      assert.equal(await ids({ limit: 2, offset: 3 }), 'de');
      assert.equal(await ids({ limit: 2, offset: 4 }), 'e');
      assert.equal(await ids({ limit: 2, offset: 5 }), '');
      assert.equal(await ids({ limit: 2, offset: 10_000 }), '');
      assert.equal(await ids({ limit: 2, offset: 3 }, 'descending'), 'ba');
      assert.equal(await ids({ limit: 2, offset: 1, filter: { op: 'eq', field: 'done', value: true } }), 'de');
    }));

  test('a count stops at its most', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      for (const id of ['a', 'b', 'c']) await notes.insert(id, note({ done: id > 'a' }));
      await notes.insert('d', note());
      await notes.delete('d', 1, [noteEvent('d', 'died')]);
      assert.deepEqual(await Promise.all([1, 2, 3, 4].map((atMost) => notes.count(undefined, atMost))), [1, 2, 3, 3]);
      assert.equal(await notes.count({ op: 'eq', field: 'done', value: true }, 1), 1);
      assert.equal(await notes.count({ op: 'eq', field: 'done', value: true }, 9), 2);
      for (const atMost of [0, -1, 1.5, Number.NaN]) await refusedAt('#query/atMost', notes.count(undefined, atMost));
    }));

  test('a save moves the row to its new place, labels and all', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note({ title: 'a', labels: { tier: 'x', team: 'q' } }));
      await notes.insert('b', note({ title: 'b' }));
      await notes.save('a', 1, note({ title: 'c', labels: { tier: 'y', team: 'q' } }));
      assert.deepEqual(await walk(notes, { sort: { field: 'title', direction: 'ascending' } }, 5, 'after'), ['b', 'a']);
      assert.equal(await notes.count({ op: 'label', key: 'tier', value: 'x' }), 0);
      assert.equal(await notes.count({ op: 'label', key: 'tier', value: 'y' }), 1);
      assert.equal(await notes.count({ op: 'label', key: 'team', value: 'q' }), 1);
    }));

  test('a query that does not fit the declaration is refused', (t) =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      for (const [what, query] of wrong) await t.test(what, () => refused('invalid-request', notes.query(query)));
    }));
};

const ascending: Sort = { field: 'title', direction: 'ascending' };
const wrong: readonly (readonly [string, Query])[] = [
  ['a sort without an index', { sort: { field: 'inner', direction: 'ascending' }, limit: 1 }],
  ['a sort by an unknown field', { sort: { field: 'toString', direction: 'ascending' }, limit: 1 }],
  ['a filter by an unknown field', { sort: ascending, limit: 1, filter: { op: 'eq', field: 'constructor', value: 1 } }],
  ['a filter value of another type', { sort: ascending, limit: 1, filter: { op: 'eq', field: 'weight', value: 'x' } }],
  ['a prefix of a number', { sort: ascending, limit: 1, filter: { op: 'prefix', field: 'weight', prefix: '1' } }],
  ['a limit of 0', { sort: ascending, limit: 0 }],
  ['a limit of 1001', { sort: ascending, limit: 1001 }],
  ['a limit of 1.5', { sort: ascending, limit: 1.5 }],
  [
    'both an after and a before',
    { sort: ascending, limit: 1, after: { key: 'a', id: 'a' }, before: { key: 'b', id: 'b' } },
  ],
  ['a position with U+0000', { sort: ascending, limit: 1, after: { key: 'a', id: '\0' } }],
  ['a filter value with U+0000', { sort: ascending, limit: 1, filter: { op: 'eq', field: 'title', value: '\0' } }],
  ['a label with U+0000', { sort: ascending, limit: 1, filter: { op: 'label', key: '\0', value: '' } }],
  ['an offset below 0', { sort: ascending, limit: 1, offset: -1 }],
  ['an offset of 1.5', { sort: ascending, limit: 1, offset: 1.5 }],
  ['an offset of 10,001', { sort: ascending, limit: 1, offset: 10_001 }],
  ['an offset with an after', { sort: ascending, limit: 1, offset: 1, after: { key: 'a', id: 'a' } }],
  ['an offset with a before', { sort: ascending, limit: 1, offset: 1, before: { key: 'a', id: 'a' } }],
  ['a position of another type', { sort: ascending, limit: 1, after: { key: 7, id: 'a' } }],
];
