import assert from 'node:assert/strict';
import { test } from 'node:test';
import { note, openNotes, refused } from './samples.ts';
import { withStorage, type StorageSuite } from './suite.ts';

export const testLifecycle = (suite: StorageSuite): void => {
  test('an open store answers its check and says what it is', () =>
    withStorage(suite, async (storage) => {
      await storage.check();
      assert.notEqual(storage.description, '');
      assert.equal(storage.shared, suite.capabilities.shared);
    }));

  test('closing waits for the writes under way, and twice is like once', async () => {
    const storage = await suite.open();
    const notes = await openNotes(storage);
    const writes = Promise.all([notes.insert('a', note()), storage.log.append('s', [{ key: 'k', data: 1 }])]);
    await Promise.all([storage.close(), storage.close()]);
    await storage.close();
    await writes;
  });

  test('a closed store answers nothing but `unavailable`', async () => {
    const storage = await suite.open();
    const notes = await openNotes(storage);
    await storage.close();
    await refused('unavailable', storage.check());
    await refused('unavailable', notes.get('a'));
    await refused('unavailable', notes.insert('a', note()));
    await refused('unavailable', storage.log.append('s', [{ key: 'k', data: 1 }]));
    await refused('unavailable', storage.log.read('s', 0, 1));
    await refused('unavailable', openNotes(storage, 'others'));
  });

  test('a declaration that no store could prepare is refused', () =>
    withStorage(suite, async (storage) => {
      const text = { path: ['x'], type: 'text' } as const;
      for (const declaration of [
        { name: 'Robert"); DROP TABLE', fields: {}, sorts: [] },
        { name: 'notes', fields: { 'x"y': text }, sorts: [] },
        { name: 'notes', fields: { x: text, X: text }, sorts: [] },
        { name: 'notes', fields: { x: { path: [], type: 'text' } as const }, sorts: [] },
        { name: 'notes', fields: { x: text }, sorts: ['y'] },
      ]) {
        await refused('invalid-configuration', storage.collection(declaration));
      }
    }));

  test('collections are worlds of their own', () =>
    withStorage(suite, async (storage) => {
      const [here, there] = [await openNotes(storage, 'here'), await openNotes(storage, 'there')];
      await here.insert('a', note({ title: 'here' }));
      await there.insert('a', note({ title: 'there' }));
      await here.delete('a', 1);
      assert.equal((await there.get('a'))?.doc.title, 'there');
      assert.equal((await (await openNotes(storage, 'there')).get('a'))?.version, 1);
    }));
};
