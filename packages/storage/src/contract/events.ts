import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { note, noteEvent, openNotes, pendingEvents, refused } from './samples.ts';
import { withStorage, type StorageSuite } from './suite.ts';

export const testEvents = (suite: StorageSuite): void => {
  test('every write emits its events once, in order, with the version of the write', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note(), [noteEvent('a', 'made'), noteEvent('a', 'named')]);
      await notes.save('a', 1, note(), [noteEvent('a', 'changed')]);
      await notes.save('a', 2, note());
      await notes.delete('a', 3, [noteEvent('a', 'gone')]);
      assert.deepEqual(await pendingEvents(storage), ['made@1', 'named@1', 'changed@2', 'gone@4']);
      const [first] = await storage.outbox.pending(1);
      assert.deepEqual(first?.event, { ...noteEvent('a', 'made'), sourceversion: 1 });
    }));

  test('a refused write emits nothing', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note());
      await refused('already-exists', notes.insert('a', note(), [noteEvent('a', 'x')]));
      await refused('version-conflict', notes.save('a', 7, note(), [noteEvent('a', 'x')]));
      await refused('version-conflict', notes.delete('a', 7, [noteEvent('a', 'x')]));
      await refused('not-found', notes.save('b', 1, note(), [noteEvent('b', 'x')]));
      await refused('invalid-request', notes.save('a', 1, note({ more: Number.NaN }), [noteEvent('a', 'x')]));
      assert.deepEqual(await pendingEvents(storage), []);
    }));

  test('an event that is not JSON is refused together with its change', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      const bad = { ...noteEvent('a', 'x'), customer: '\udc00' };
      await refused('invalid-request', notes.insert('a', note(), [bad]));
      assert.equal(await notes.get('a'), null);
    }));

  test('marking events changes neither version nor document, and twice is like once', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note({ title: 'same' }), [noteEvent('a', 'one')]);
      await notes.save('a', 1, note({ title: 'same' }), [noteEvent('a', 'two')]);
      const [one] = await storage.outbox.pending(1);
      assert.ok(one);
      await storage.outbox.markPublished([one]);
      await storage.outbox.markPublished([one]);
      assert.deepEqual(await pendingEvents(storage), ['two@2']);
      assert.deepEqual(await notes.get('a'), { id: 'a', version: 2, doc: note({ title: 'same' }) });
      assert.equal((await notes.save('a', 2, note())).version, 3);
    }));

  test('pending answers the oldest, at most the limit, without the sources left out', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      for (const id of ['a', 'b', 'c']) await notes.insert(id, note(), [noteEvent(id, id)]);
      await notes.save('a', 1, note(), [noteEvent('a', 'a2')]);
      const ids = async (limit: number, except?: readonly string[]): Promise<readonly string[]> =>
        (await storage.outbox.pending(limit, except)).map(({ event }) => event.id);
      assert.deepEqual(await ids(2), ['a', 'b']);
      assert.deepEqual(await ids(2, ['/notes/a']), ['b', 'c']);
      assert.deepEqual(await ids(9, ['/notes/b', '/notes/c']), ['a', 'a2']);
      assert.deepEqual(await ids(9, []), ['a', 'b', 'c', 'a2']);
    }));

  test('commits with events are told to whoever listens, others are not', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      let told = 0;
      const end = storage.outbox.onCommit(() => (told += 1));
      await notes.insert('quiet', note());
      await refused('already-exists', notes.insert('quiet', note(), [noteEvent('quiet', 'x')]));
      await turn();
      assert.equal(told, 0);
      await notes.insert('a', note(), [noteEvent('a', 'one')]);
      await turn();
      assert.equal(told, 1);
      end();
      end();
      await notes.insert('b', note(), [noteEvent('b', 'two')]);
      await turn();
      assert.equal(told, 1);
    }));

  test('a deleted document is a tombstone until its events are out', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note({ title: 'old' }), [noteEvent('a', 'made')]);
      await notes.delete('a', 1, [noteEvent('a', 'gone')]);
      assert.equal(await notes.get('a'), null);
      assert.equal(await notes.count(), 0);
      const page = await notes.query({ sort: { field: 'title', direction: 'ascending' }, limit: 10 });
      assert.deepEqual(page.rows, []);
      await refused('not-found', notes.save('a', 2, note()));
      await refused('not-found', notes.delete('a', 2));
      await refused('already-exists', notes.insert('a', note()));
      const [made, gone] = await storage.outbox.pending(2);
      assert.ok(made && gone);
      await storage.outbox.markPublished([made]);
      await refused('already-exists', notes.insert('a', note()));
      await storage.outbox.markPublished([gone]);
      assert.equal((await notes.insert('a', note({ title: 'new' }))).version, 1);
    }));

  test('a document deleted without events frees its id at once', () =>
    withStorage(suite, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note({ labels: { colour: 'red' } }));
      await notes.delete('a', 1);
      await notes.insert('a', note({ labels: { colour: 'blue' } }));
      assert.equal(await notes.count({ op: 'label', key: 'colour', value: 'red' }), 0);
      assert.equal(await notes.count({ op: 'label', key: 'colour', value: 'blue' }), 1);
    }));
};
