import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import { note, noteEvent, openNotes, pendingEvents, refused, refusedAt } from './samples.ts';
import { withStorage, type StorageSuite } from './suite.ts';

export const testDocuments = (suite: StorageSuite): void => {
  test('an inserted document is read back whole, at version 1', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      const doc = note({ title: 'first', more: { list: [1, -0.5, 1e300, true, null, { deep: ['x'] }], empty: {} } });
      assert.deepEqual(await notes.insert('a', doc), { id: 'a', version: 1, doc });
      assert.deepEqual(await notes.get('a'), { id: 'a', version: 1, doc });
    }));

  test('a document that is not there is null', () =>
    withStorage(suite, async (storage) => assert.equal(await (await openNotes(storage)).get('nobody'), null)));

  test('an id that is taken is refused and its document stays', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note({ title: 'mine' }));
      await refused('already-exists', notes.insert('a', note({ title: 'yours' })));
      assert.equal((await notes.get('a'))?.doc.title, 'mine');
    }));

  test('each save raises the version by one and replaces the document', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note({ title: 'one', weight: 1 }));
      assert.deepEqual(await notes.save('a', 1, note({ title: 'two' })), {
        id: 'a',
        version: 2,
        doc: note({ title: 'two' }),
      });
      assert.equal((await notes.save('a', 2, note({ title: 'three' }))).version, 3);
      assert.deepEqual(await notes.get('a'), { id: 'a', version: 3, doc: note({ title: 'three' }) });
    }));

  test('a save at another version is refused and changes nothing', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note());
      await notes.save('a', 1, note({ title: 'theirs' }));
      for (const stale of [0, 1, 3]) {
        await refused('version-conflict', notes.save('a', stale, note({ title: 'lost' })));
        await refused('version-conflict', notes.delete('a', stale));
      }
      assert.deepEqual(await notes.get('a'), { id: 'a', version: 2, doc: note({ title: 'theirs' }) });
    }));

  test('what is not there can be neither saved nor deleted', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await refused('not-found', notes.save('a', 1, note()));
      await refused('not-found', notes.delete('a', 1));
    }));

  test('64 writers at once: exactly one wins each version', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note({ weight: 0 }));
      const wins: number[] = [];
      const write = async (writer: number): Promise<void> => {
        for (let round = 0; round < 10; round += 1) {
          const before = await notes.get('a');
          assert.ok(before);
          try {
            const doc = note({ weight: (before.doc.weight ?? 0) + 1, title: `${writer}` });
            wins.push((await notes.save('a', before.version, doc)).version);
          } catch (error) {
            assert.equal(errorCode(error), 'version-conflict', String(error));
          }
        }
      };
      await Promise.all(Array.from({ length: 64 }, (_, writer) => write(writer)));
      wins.sort((a, b) => a - b);
      assert.deepEqual(
        wins,
        Array.from(wins, (_, index) => index + 2),
        'one winner for each version, none left out',
      );
      const after = await notes.get('a');
      assert.equal(after?.version, wins.length + 1);
      assert.equal(after.doc.weight, wins.length, 'no update was lost');
    }));

  test('64 inserts of one id at once: exactly one wins', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      const tries = Array.from({ length: 64 }, (_, writer) =>
        notes.insert('a', note({ weight: writer }), [noteEvent('a', `${writer}`)]),
      );
      const won = (await Promise.allSettled(tries)).flatMap((each, writer) =>
        each.status === 'fulfilled' ? writer : [],
      );
      assert.equal(won.length, 1);
      assert.equal((await notes.get('a'))?.doc.weight, won[0]);
      assert.deepEqual(await pendingEvents(storage), [`${won[0]}@1`]);
    }));

  test('callers share no object with the store', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      const mine = { customer: 'acme', title: 'kept' };
      const answer = (await notes.insert('a', mine)).doc as { title: string };
      mine.title = 'changed by the writer';
      answer.title = 'changed by the reader';
      assert.equal((await notes.get('a'))?.doc.title, 'kept');
    }));

  test('text beyond the basic plane, control characters, null, 64-bit keys and milliseconds survive', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      const doc = note({
        title: '😀𐍈\u0001\uffff\u2028"\\/',
        weight: null,
        serial: '18446744073709551615',
        at: '2026-02-28T23:59:59.999Z',
        more: { '𝔨\u0001': [null, '\ud834\udd1e'], __proto__x: Number.MAX_SAFE_INTEGER, tiny: 5e-324 },
      });
      await notes.insert('𝔞/😀', doc);
      assert.deepEqual(await notes.get('𝔞/😀'), { id: '𝔞/😀', version: 1, doc });
      const page = await notes.query({ sort: { field: 'serial', direction: 'ascending' }, limit: 1 });
      assert.deepEqual(page.rows[0]?.position, { key: '18446744073709551615', id: '𝔞/😀' });
    }));

  test('U+0000 is refused in ids, documents and events, naming the place, and nothing is written', (t) =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('b', note());
      const nul: readonly (readonly [pointer: string, write: () => Promise<unknown>])[] = [
        ['/id', () => notes.insert('a\0', note())],
        ['/title', () => notes.insert('a', note({ title: 'x\0' }))],
        ['/title', () => notes.save('b', 1, note({ title: '\0' }))],
        ['/more/list/0', () => notes.insert('a', note({ more: { list: ['\0'] } }))],
        ['/more/\0', () => notes.save('b', 1, note({ more: { '\0': 1 } }))],
        ['/labels/tier', () => notes.insert('a', note({ labels: { tier: '\0' } }))],
        ['/customer', () => notes.insert('a', note(), [{ ...noteEvent('a', 'x'), customer: '\0' }])],
        ['/id', () => notes.save('b', 1, note(), [noteEvent('b', '\0')])],
        ['/source', () => notes.delete('b', 1, [noteEvent('b\0', 'x')])],
      ];
      for (const [index, [pointer, write]] of nul.entries()) {
        await t.test(`${index}: ${JSON.stringify(pointer)}`, () => refusedAt(pointer, write()));
      }
      assert.equal(await notes.count(), 1);
      assert.deepEqual(await notes.get('b'), { id: 'b', version: 1, doc: note() });
      assert.deepEqual(await pendingEvents(storage), []);
    }));

  test('an id that no store keeps is nobody, for reading and for writing', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('\ufffd', note());
      await notes.insert('a', note());
      for (const id of ['', 'a\0', '\0', '\ud800', 'x'.repeat(513)]) {
        assert.equal(await notes.get(id), null);
        await refused('not-found', notes.save(id, 1, note()));
        await refused('not-found', notes.delete(id, 1));
        await refusedAt('/id', notes.insert(id, note()));
      }
      assert.equal((await notes.insert('x'.repeat(512), note())).id.length, 512);
    }));

  test('what is not JSON is refused, naming the place, and nothing is written', (t) =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('b', note());
      for (const [what, value] of notJson) {
        await t.test(what, async () => {
          const bad = note({ more: { place: value } });
          for (const attempt of [() => notes.insert('a', bad), () => notes.save('b', 1, bad)]) {
            await assert.rejects(attempt, { code: 'invalid-request', message: /\/more\/place/ });
          }
          assert.equal(await notes.get('a'), null);
          assert.deepEqual(await notes.get('b'), { id: 'b', version: 1, doc: note() });
        });
      }
    }));

  test('a declared field of another type is refused, naming it, and nothing is written', (t) =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      for (const [place, value] of mistyped) {
        await t.test(`${place}: ${JSON.stringify(value)}`, async () => {
          const bad = { customer: 'acme', [place.slice(1)]: value };
          await assert.rejects(notes.insert('a', bad), { code: 'invalid-request', message: new RegExp(place) });
          assert.equal(await notes.get('a'), null);
        });
      }
    }));
};

const notJson: readonly (readonly [string, unknown])[] = [
  ['NaN', Number.NaN],
  ['an infinity', Number.NEGATIVE_INFINITY],
  ['a bigint', 1n],
  ['a Date', new Date(0)],
  ['half a surrogate pair', '\ud800'],
  ['undefined in a list', [undefined]],
];

const mistyped: readonly (readonly [string, unknown])[] = [
  ['/title', 7],
  ['/weight', '7'],
  ['/serial', 7],
  ['/serial', '18446744073709551616'],
  ['/serial', '-9223372036854775809'],
  ['/serial', '007'],
  ['/at', 'yesterday'],
  ['/at', 0],
  ['/done', 'yes'],
];
