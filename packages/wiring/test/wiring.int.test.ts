import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBus, openStorage } from '@simfleet/wiring';

test('each driver opens by its name, SQLite in the data directory unless told another file', async (t) => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'simfleet-wiring-'));
  t.after(() => rm(dataDirectory, { recursive: true, force: true }));
  const elsewhere = join(dataDirectory, 'elsewhere');
  for (const [url, description] of [
    ['memory:', /^memory/],
    ['sqlite:', /^sqlite/],
    [`sqlite:${join(elsewhere, 'mine.db')}`, /^sqlite/],
  ] as const) {
    const storage = await openStorage({ url, dataDirectory });
    assert.match(storage.description, description);
    await storage.close();
  }
  assert.ok((await readdir(dataDirectory)).includes('simfleet.db'));
  assert.ok((await readdir(elsewhere)).includes('mine.db'));
  const bus = await openBus({ url: 'memory:' });
  assert.equal(bus.description, 'memory');
  await bus.close();
});

test('an unknown driver is refused with the list of those there are', async () => {
  for (const url of ['oracle:db', '', 'toString:', 'sqlite3:x']) {
    await assert.rejects(openStorage({ url, dataDirectory: '/nowhere' }), {
      code: 'invalid-configuration',
      message: /memory:, sqlite:/,
    });
  }
  await assert.rejects(openBus({ url: 'rabbit:x' }), { code: 'invalid-configuration', message: /"rabbit".*memory:/ });
});
