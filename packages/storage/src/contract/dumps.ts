import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DumpRecord } from '../dump.ts';
import { openMemoryStorage } from '../memory/storage.ts';
import type { Storage } from '../storage.ts';
import { anyNotes } from './arbitrary.ts';
import { recordsOf } from './records.ts';
import { fields, note, noteEvent, openNotes, pendingEvents, refused, sorts } from './samples.ts';
import { withStorage, type StorageSuite } from './suite.ts';

async function* given(records: readonly unknown[]): AsyncGenerator<DumpRecord> {
  for (const record of records) yield record as DumpRecord;
}

const declaration = { name: 'notes', fields, sorts };
const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'vendor=1' };

/** Documents at several versions, a tombstone, events, streams trimmed in part and whole. */
const fill = async (storage: Storage): Promise<void> => {
  const notes = await openNotes(storage);
  await notes.insert('😀', note({ title: 'last', labels: { tier: 'x' } }));
  await notes.insert('\uffff', note({ title: 'one' }), [noteEvent('\uffff', 'made')]);
  await notes.save('\uffff', 1, note({ title: 'two', serial: '18446744073709551615' }));
  await notes.insert('gone', note(), [noteEvent('gone', 'born')]);
  await notes.delete('gone', 1, [{ ...noteEvent('gone', 'died'), ...trace }]);
  await storage.collection({ name: 'empty', fields: {}, sorts: [] });
  const { log } = storage;
  await log.append('trimmed', [
    { key: 'a', data: 1 },
    { key: 'b', data: { z: ['\u0000'], a: 2 } },
    { key: 'c', data: null },
  ]);
  await log.trim('trimmed', 1);
  await log.append('hollow', [{ key: 'a', data: 1 }]);
  await log.trim('hollow', 1);
  await log.append('dropped', [{ key: 'a', data: 1 }]);
  await log.drop('dropped');
};

const filled: readonly DumpRecord[] = [
  { kind: 'collection', declaration: { name: 'empty', fields: {}, sorts: [] } },
  { kind: 'collection', declaration },
  {
    kind: 'document',
    collection: 'notes',
    id: '\uffff',
    version: 2,
    doc: note({ title: 'two', serial: '18446744073709551615' }),
  },
  { kind: 'document', collection: 'notes', id: '😀', version: 1, doc: note({ title: 'last', labels: { tier: 'x' } }) },
  ...(
    [
      ['\uffff', 'made', 1],
      ['gone', 'born', 1],
      ['gone', 'died', 2],
    ] as const
  ).map(([document, id, sourceversion]): DumpRecord => {
    const event = { ...noteEvent(document, id), ...(id === 'died' ? trace : {}), sourceversion } as const;
    return { kind: 'event', collection: 'notes', document, event };
  }),
  { kind: 'stream', name: 'hollow', last: 1 },
  { kind: 'stream', name: 'trimmed', last: 3 },
  { kind: 'entry', stream: 'trimmed', position: 2, key: 'b', data: { z: ['\u0000'], a: 2 } },
  { kind: 'entry', stream: 'trimmed', position: 3, key: 'c', data: null },
];

/** A store that took over what a dump told: it must go on where the first one was. */
const checkFilled = async (storage: Storage): Promise<void> => {
  const notes = await openNotes(storage);
  assert.deepEqual(await pendingEvents(storage), ['made@1', 'born@1', 'died@2']);
  await refused('already-exists', notes.insert('gone', note()));
  await refused('not-found', notes.save('gone', 2, note()));
  await refused('version-conflict', notes.save('\uffff', 1, note()));
  assert.equal((await notes.save('\uffff', 2, note({ title: 'three' }))).version, 3);
  assert.equal(await notes.count({ op: 'label', key: 'tier', value: 'x' }), 1);
  const page = await notes.query({ sort: { field: 'title', direction: 'ascending' }, limit: 9 });
  assert.deepEqual(
    page.rows.map(({ id }) => id),
    ['😀', '\uffff'],
  );
  const { log } = storage;
  assert.deepEqual(await log.append('hollow', [{ key: 'a', data: 2 }]), [{ position: 2, duplicate: false }]);
  assert.deepEqual(await log.append('trimmed', [{ key: 'c', data: null }]), [{ position: 3, duplicate: true }]);
  assert.deepEqual(await log.append('trimmed', [{ key: 'a', data: 9 }]), [{ position: 4, duplicate: false }]);
  assert.equal(await log.last('dropped'), 0);
  await storage.outbox.markPublished(await storage.outbox.pending(9));
  assert.equal((await notes.insert('gone', note())).version, 1);
};

export const testDumps = (suite: StorageSuite): void => {
  test('a dump tells everything that is there, by name, id and position', () =>
    withStorage(suite, async (storage) => {
      assert.deepEqual(await recordsOf(storage), []);
      await fill(storage);
      assert.deepEqual(await recordsOf(storage), filled);
    }));

  test('a loaded store has what the first one had, and its numbering goes on', () =>
    withStorage(suite, async (storage) => {
      await storage.load(given(filled));
      assert.deepEqual(await recordsOf(storage), filled);
      await checkFilled(storage);
    }));

  test('any content passes from store to store whole: here to memory and back', () =>
    fc.assert(
      fc.asyncProperty(anyNotes, async (data) => {
        const memory = openMemoryStorage();
        await withStorage(suite, async (storage) => {
          const notes = await openNotes(storage);
          await Promise.all([...data].map(([id, doc]) => notes.insert(id, doc)));
          for (const id of data.keys()) await storage.log.append(id, [{ key: id, data: id }]);
          await memory.load(storage.dump());
          assert.deepEqual(await recordsOf(memory), await recordsOf(storage));
        });
        await withStorage(suite, async (storage) => {
          await storage.load(memory.dump());
          assert.deepEqual(await recordsOf(storage), await recordsOf(memory));
        });
      }),
      { numRuns: 5 },
    ));

  test('a loaded collection may be declared anew', () =>
    withStorage(suite, async (storage) => {
      await storage.load(given(filled));
      const notes = await storage.collection({ name: 'notes', fields: { name: fields.title }, sorts: ['name'] });
      const page = await notes.query({ sort: { field: 'name', direction: 'descending' }, limit: 9 });
      assert.deepEqual(
        page.rows.map(({ id }) => id),
        ['\uffff', '😀'],
      );
      const wrong = { name: 'notes', fields: { name: { path: ['title'], type: 'number' } }, sorts: ['name'] } as const;
      await assert.rejects(storage.collection(wrong), { code: 'invalid-configuration', message: /\/title/ });
    }));

  test('a store with a document, an event or a stream refuses a load and keeps what it has', async (t) => {
    const some: Readonly<Record<string, (storage: Storage) => Promise<unknown>>> = {
      document: async (storage) => (await openNotes(storage)).insert('a', note()),
      event: async (storage) => {
        const notes = await openNotes(storage);
        await notes.insert('a', note());
        await notes.delete('a', 1, [noteEvent('a', 'died')]);
      },
      stream: (storage) => storage.log.append('s', [{ key: 'k', data: 1 }]),
    };
    for (const [what, write] of Object.entries(some)) {
      await t.test(what, () =>
        withStorage(suite, async (storage) => {
          await write(storage);
          const before = await recordsOf(storage);
          await refused('already-exists', storage.load(given(filled)));
          assert.deepEqual(await recordsOf(storage), before);
        }),
      );
    }
  });

  test('what is no dump is refused, and nothing of it is left', async (t) => {
    for (const [what, records] of noDumps) {
      await t.test(what, () =>
        withStorage(suite, async (storage) => {
          await refused('invalid-request', storage.load(given(records)));
          await checkNothingLoaded(storage);
        }),
      );
    }
  });

  test('a source that fails on the way leaves nothing, and its error is told', () =>
    withStorage(suite, async (storage) => {
      const failing = async function* (): AsyncGenerator<DumpRecord> {
        yield* filled;
        throw new Error('the file ends here');
      };
      await assert.rejects(storage.load(failing()), /the file ends here/);
      await checkNothingLoaded(storage);
    }));

  test('a dump beside writers tells no document without the entries that it relies on', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note({ weight: 0 }));
      let over = false;
      const writing = (async () => {
        for (let version = 1; !over; version += 1) {
          await storage.log.append('s', [{ key: `${version}`, data: 'x'.repeat(200) }]);
          await notes.save('a', version, note({ weight: version }));
          await turn();
        }
      })();
      for (let round = 0; round < 5; round += 1) {
        const records = await recordsOf(storage);
        const doc = records.find(({ kind }) => kind === 'document');
        const stream = records.find(({ kind }) => kind === 'stream');
        assert.ok(doc?.kind === 'document');
        const entries = records.filter(({ kind }) => kind === 'entry').length;
        assert.equal(stream?.kind === 'stream' ? stream.last : 0, entries, 'the stream is whole');
        assert.equal(doc.doc['weight' as keyof typeof doc.doc], doc.version - 1);
        assert.ok(entries >= doc.version - 1, `version ${doc.version}, ${entries} entries`);
        await openMemoryStorage().load(given(records));
      }
      over = true;
      await writing;
    }));

  test('a dump tells no document without the one that was written before it for it', () =>
    withStorage(suite, async (storage) => {
      const reserved = await storage.collection({ name: 'a_names', fields: {}, sorts: [], dumpAfter: ['notes'] });
      const notes = await openNotes(storage);
      let written = 0;
      const writePair = async (): Promise<void> => {
        const id = String((written += 1)).padStart(4, '0');
        await reserved.insert(id, note());
        await notes.insert(id, note());
      };
      for (let pairs = 0; pairs < 3; pairs += 1) await writePair();
      const records: DumpRecord[] = [];
      for await (const record of storage.dump()) {
        records.push(record);
        if (written < 20) await writePair();
      }
      const idsIn = (wanted: string): readonly string[] =>
        records.flatMap((record) => (record.kind === 'document' && record.collection === wanted ? [record.id] : []));
      const told = new Set(idsIn('a_names'));
      const alone = idsIn('notes').filter((id) => !told.has(id));
      assert.deepEqual(alone, [], 'every note has its name');
      await openMemoryStorage().load(given(records));
    }));

  test('a dump that nobody reads to its end holds up neither writers nor the close', () =>
    withStorage(suite, async (storage) => {
      await fill(storage);
      const left = storage.dump()[Symbol.asyncIterator]();
      await left.next();
      for await (const record of storage.dump()) {
        assert.equal(record.kind, 'collection');
        break;
      }
      await (await openNotes(storage)).insert('later', note());
    }));

  test('a closed store neither dumps nor loads', async () => {
    const storage = await suite.open();
    await fill(storage);
    const begun = storage.dump()[Symbol.asyncIterator]();
    await begun.next();
    await storage.close();
    await refused('unavailable', recordsOf(storage));
    await refused('unavailable', storage.load(given(filled)));
  });
};

const checkNothingLoaded = async (storage: Storage): Promise<void> => {
  try {
    await storage.load(given(filled));
  } catch (error) {
    assert.equal((error as { readonly code?: unknown }).code, 'already-exists');
    return;
  }
  assert.deepEqual(await recordsOf(storage), filled);
};

const behind = { name: 'a', fields: {}, sorts: [], dumpAfter: ['notes'] };
const notes: DumpRecord = { kind: 'collection', declaration };
const stored = { kind: 'document', collection: 'notes', version: 1, doc: note() } as const;
const born = { ...noteEvent('a', 'born'), sourceversion: 1 } as const;
const three: DumpRecord = { kind: 'stream', name: 's', last: 3 };
const entry = (position: number, key = `${position}`): DumpRecord => ({
  kind: 'entry',
  stream: 's',
  position,
  key,
  data: null,
});

const noDumps: readonly (readonly [string, readonly unknown[]])[] = [
  ['no record', [7]],
  ['an unknown kind', [{ kind: 'toString' }]],
  ['a member too many', [{ ...notes, more: 1 }]],
  ['a member too few', [notes, { ...stored }]],
  ['a declaration that is none', [{ kind: 'collection', declaration: { ...declaration, sorts: ['nowhere'] } }]],
  [
    'a field of no type',
    [{ kind: 'collection', declaration: { name: 'a', fields: { x: { path: ['x'], type: 'y' } }, sorts: [] } }],
  ],
  ['a collection twice', [notes, notes]],
  ['collections out of order', [notes, { kind: 'collection', declaration: { name: 'a', fields: {}, sorts: [] } }]],
  ['collections not in the order that they ask for', [{ kind: 'collection', declaration: behind }, notes]],
  ['a collection behind itself', [{ kind: 'collection', declaration: { ...behind, dumpAfter: ['a'] } }]],
  ['a document without its collection', [{ ...stored, id: 'a' }]],
  ['a document twice', [notes, { ...stored, id: 'a' }, { ...stored, id: 'a' }]],
  ['documents in the order of UTF-16', [notes, { ...stored, id: '😀' }, { ...stored, id: '\uffff' }]],
  ['a version of 0', [notes, { ...stored, id: 'a', version: 0 }]],
  ['an id with U+0000', [notes, { ...stored, id: 'a\0' }]],
  ['a document with U+0000', [notes, { ...stored, id: 'a', doc: note({ title: '\0' }) }]],
  ['a declared field of another type', [notes, { ...stored, id: 'a', doc: { customer: 'acme', weight: '7' } }]],
  ['an event of no collection', [{ kind: 'event', collection: 'notes', document: 'a', event: born }]],
  [
    'an event without a source',
    [notes, { kind: 'event', collection: 'notes', document: 'a', event: { ...born, source: 7 } }],
  ],
  [
    'a document after the events',
    [notes, { kind: 'event', collection: 'notes', document: 'a', event: born }, { ...stored, id: 'b' }],
  ],
  ['a collection after the streams', [three, entry(3), notes]],
  ['an entry without its stream', [entry(1)]],
  ['an entry of another stream', [three, entry(3), { ...entry(1), stream: 't' }]],
  ['a gap between entries', [three, entry(1), entry(3)]],
  ['an entry beyond the last', [three, entry(4)]],
  ['entries that end too early', [three, entry(1), entry(2)]],
  ['a key twice in a stream', [three, entry(2, 'same'), entry(3, 'same')]],
];
