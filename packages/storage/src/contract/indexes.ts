import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fields, note, openNotes, refused, sorts } from './samples.ts';
import { reopened, type Durable } from './suite.ts';

export const testIndexes = (durable: Durable): void => {
  test('a sort whose index is gone is refused at start, by name, and what is stored stays', async () => {
    const directory = await durable.makeDirectory();
    await reopened(durable, directory, async (storage) => {
      await (await openNotes(storage)).insert('a', note({ title: 'kept' }));
      await (await openNotes(storage, 'others')).insert('a', note());
    });
    await durable.dropIndex(directory, 'notes', 'title');
    await reopened(durable, directory, async (storage) => {
      for (let attempt = 0; attempt < 2; attempt += 1) {
        await assert.rejects(openNotes(storage), { code: 'invalid-configuration', message: /notes.*title/ });
      }
      assert.equal((await (await openNotes(storage, 'others')).get('a'))?.version, 1);
    });
  });

  test('a changed declaration makes the indexes anew', async () => {
    const directory = await durable.makeDirectory();
    await reopened(durable, directory, async (storage) => {
      await (await openNotes(storage)).insert('a', note({ title: 'kept' }));
    });
    await durable.dropIndex(directory, 'notes', 'title');
    await reopened(durable, directory, async (storage) => {
      const rest = sorts.filter((sort) => sort !== 'title');
      const untitled = await storage.collection({ name: 'notes', fields, sorts: rest });
      await refused('invalid-request', untitled.query({ sort: { field: 'title', direction: 'ascending' }, limit: 1 }));
    });
    await reopened(durable, directory, async (storage) => {
      const page = await (
        await openNotes(storage)
      ).query({ sort: { field: 'title', direction: 'ascending' }, limit: 1 });
      assert.deepEqual(page.rows[0]?.position, { key: 'kept', id: 'a' });
    });
    await reopened(durable, directory, async (storage) => assert.ok(await openNotes(storage)));
  });
};
