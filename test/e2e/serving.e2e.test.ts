import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, temporaryDirectory } from '@simfleet/testing';
import { failToStart } from './platform.ts';

/** Documented in services/all-in-one/README.md. */
const invalidConfiguration = 2;
const shared = ['--storage', 'postgres://127.0.0.1:1/none', '--bus', 'nats://127.0.0.1:1'];
const keys = ['--admin-token-file', 'token', '--cursor-key-file', 'keys'];

const refusals: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'a store and a bus of one process',
    ['--target', 'jobs', ...keys],
    /--storage: .*postgres:\/\/[^]*--bus: .*nats:\/\//,
  ],
  ['an executor that is not told where to report', ['--target', 'local-executor', ...shared], /--api-url: /],
  [
    'a replica that would make a token of its own',
    ['--target', 'jobs', ...shared],
    /--admin-token-file: replicas share/,
  ],
  [
    'a replica that would make cursor keys of its own',
    ['--target', 'jobs', ...shared, '--admin-token-file', 'token'],
    /--cursor-key-file: replicas share/,
  ],
  ['a service that is none', ['--target', 'job', ...shared], /--target/],
];
for (const [name, flags, reason] of refusals) {
  test(`${name} is refused by name, and nothing is made`, async (context) => {
    const { path: dataDir } = temporaryDirectory(context);
    const { exitCode, stderr } = await failToStart({ dataDir, flags });
    assert.equal(exitCode, invalidConfiguration, stderr);
    assert.match(stderr, reason);
    for (const file of ['admin-token', 'cursor-key', 'simfleet.db']) assert.ok(!existsSync(join(dataDir, file)), file);
  });
}

test('a database that does not answer is told without the password, also when the URL comes from a file', async (context) => {
  const { path } = temporaryDirectory(context);
  const file = join(path, 'storage');
  const port = await freePort();
  writeFileSync(file, `postgres://me:hunter2@127.0.0.1:${port}/none\n`, { mode: 0o600 });
  for (const flags of [
    ['--storage-file', file],
    ['--storage', readFileSync(file, 'utf8').trim()],
  ]) {
    const { exitCode, stderr } = await failToStart({ dataDir: join(path, 'data'), flags });
    assert.equal(exitCode, 1, stderr);
    assert.match(stderr, /unavailable/);
    assert.doesNotMatch(stderr, /hunter2/);
  }
});
