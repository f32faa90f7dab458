import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { holdDataDirectory, openBus, openStorage } from '@simfleet/wiring';

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
      message: /: memory:, sqlite:, postgres:, postgresql:, mongodb:, mongodb\+srv:$/,
    });
  }
  await assert.rejects(openBus({ url: 'rabbit:x' }), {
    code: 'invalid-configuration',
    message: /"rabbit".*: memory:, nats:, tls:$/,
  });
});

test('what may be a password is not repeated', async () => {
  await assert.rejects(openStorage({ url: 'me/hunter2@db', dataDirectory: '/nowhere' }), (error: Error) => {
    assert.ok(!error.message.includes('hunter2'));
    return true;
  });
});

test('a data directory is held once, by its SQLite store or beside any other store', async (t) => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'simfleet-wiring-'));
  t.after(() => rm(dataDirectory, { recursive: true, force: true }));
  const hold = holdDataDirectory({ url: 'memory:', dataDirectory, pid: 7 });
  for (const url of ['postgres://a', `sqlite:${join(dataDirectory, 'sub', 'a.db')}`]) {
    assert.throws(() => holdDataDirectory({ url, dataDirectory, pid: 8 }), {
      code: 'data-directory-held',
      message: /7/,
    });
  }
  await assert.rejects(openStorage({ url: 'sqlite:', dataDirectory }), { code: 'data-directory-held' });
  hold.release();
  for (const url of ['sqlite:', `sqlite:${join(dataDirectory, 'mine.db')}`]) {
    const own = holdDataDirectory({ url, dataDirectory, pid: 9 });
    const storage = await openStorage({ url, dataDirectory });
    assert.throws(() => holdDataDirectory({ url: 'memory:', dataDirectory, pid: 10 }), { code: 'data-directory-held' });
    await storage.close();
    own.release();
  }
});
