import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '@simfleet/testing';
import { announce, openDataDirectory, withdraw } from '../src/data-directory.ts';

test('a data directory is made with those above it, for its owner only, and can be opened again', async (context) => {
  const { path } = temporaryDirectory(context);
  const directory = await openDataDirectory(join(path, 'a', 'b'));
  assert.equal(statSync(directory.path).mode & 0o777, 0o700);
  assert.deepEqual(await openDataDirectory(join(path, 'a', 'b')), directory);
});

test('a platform is announced in a whole file that only its owner can read, and withdrawn without a trace', async (context) => {
  const directory = await openDataDirectory(temporaryDirectory(context).path);
  await announce(directory, { url: 'http://127.0.0.1:1', socketsUrl: null, pid: 7 });
  await announce(directory, { url: 'http://127.0.0.1:2', socketsUrl: null, pid: 8 });
  assert.deepEqual(JSON.parse(readFileSync(directory.platform, 'utf8')), {
    url: 'http://127.0.0.1:2',
    socketsUrl: null,
    pid: 8,
  });
  assert.equal(statSync(directory.platform).mode & 0o777, 0o600);
  await withdraw(directory);
  await withdraw(directory);
  assert.deepEqual(readdirSync(directory.path), []);
});

test('a file, and a place where none can be made, are no data directory', async (context) => {
  const { path } = temporaryDirectory(context);
  writeFileSync(join(path, 'file'), '');
  for (const given of [join(path, 'file'), join(path, 'file', 'below'), '/proc/simfleet/data']) {
    await assert.rejects(openDataDirectory(given), (error: Error) => {
      assert.ok('code' in error && error.code === 'invalid-configuration');
      assert.ok(error.message.includes(given) && error.message.includes('--data-dir'));
      return true;
    });
  }
  assert.ok(!existsSync('/proc/simfleet'));
});
