import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive, temporaryDirectory, until } from '@simfleet/testing';
import { openClient } from './client.ts';
import { failToStart, startPlatform } from './platform.ts';
import { european, openScene } from './scene.ts';

/** Documented in services/all-in-one/README.md. */
const exitCodes = { failed: 1, invalidConfiguration: 2, dataDirectoryHeld: 3, portInUse: 4 };

test('a ready platform says where it is: on standard output, and in a file that only its owner can read', async (context) => {
  const { platform, client } = await openScene(context);
  const file = join(platform.dataDir, 'platform.json');
  const { socketsUrl, ...told } = JSON.parse(readFileSync(file, 'utf8')) as { readonly socketsUrl: string };
  assert.deepEqual(told, { url: platform.url, pid: platform.pid });
  assert.match(socketsUrl, /^ws:\/\/127\.0\.0\.1:\d+\/v1\/socket$/);
  for (const name of ['platform.json', 'admin-token', 'cursor-key']) {
    assert.equal(statSync(join(platform.dataDir, name)).mode & 0o077, 0, name);
  }
  assert.equal((await client.request('GET', '/readyz')).status, 200);
  assert.equal(await platform.stop(), 0);
  assert.ok(!existsSync(file));
});

test('every route but health needs the token', async (context) => {
  const { platform } = await openScene(context);
  const stranger = openClient({ url: platform.url, token: 'wrong' });
  for (const path of ['/healthz', '/readyz']) assert.equal((await stranger.request('GET', path)).status, 200);
  for (const path of ['/v1/jobs', '/v1/services', '/v1/customers', '/openapi.json', '/docs', '/metrics']) {
    assert.equal((await fetch(`${platform.url}${path}`)).status, 401, path);
  }
});

test('a second platform on the same data directory is refused, names it, and disturbs nothing', async (context) => {
  const { platform, client } = await openScene(context);
  // The shard processes of the first platform may be making their compile cache right now.
  const files = () => readdirSync(platform.dataDir).filter((name) => name !== 'compile-cache');
  const before = files();
  const { exitCode, stderr } = await failToStart({ dataDir: platform.dataDir });
  assert.equal(exitCode, exitCodes.dataDirectoryHeld);
  assert.ok(stderr.includes('data-directory-held') && stderr.includes(platform.dataDir));
  assert.ok(stderr.includes(String(platform.pid)));
  assert.deepEqual(files(), before);
  const { id } = await client.create(european({ maxPaths: '1000' }));
  assert.equal((await client.result(id)).state, 'Succeeded');
});

test('a port in use is refused, named, and the platform that has it goes on', async (context) => {
  const { platform, client } = await openScene(context);
  const { path: dataDir } = temporaryDirectory(context);
  const port = Number(new URL(platform.url).port);
  const { exitCode, stderr } = await failToStart({ dataDir, port });
  assert.equal(exitCode, exitCodes.portInUse);
  assert.ok(stderr.includes('port-in-use') && stderr.includes(`127.0.0.1:${port}`) && stderr.includes('--port'));
  assert.ok(!existsSync(join(dataDir, 'platform.json')));
  assert.equal((await client.request('GET', '/healthz')).status, 200);
  // Nothing is held any more: the directory can be used.
  const other = await startPlatform({ dataDir });
  assert.equal(await other.stop(), 0);
});

const refusedDirectories: readonly [string, (path: string) => string, RegExp][] = [
  [
    'that is a file',
    (path) => (writeFileSync(join(path, 'file'), ''), join(path, 'file')),
    /there is a file of that name/,
  ],
  [
    'below a file',
    (path) => (writeFileSync(join(path, 'file'), ''), join(path, 'file', 'data')),
    /there is a file of that name/,
  ],
  ['that cannot be written to', () => '/proc/simfleet', /cannot be used/],
];
for (const [name, make, reason] of refusedDirectories) {
  test(`a data directory ${name} is refused, and named`, async (context) => {
    const dataDir = make(temporaryDirectory(context).path);
    const { exitCode, stderr } = await failToStart({ dataDir });
    assert.equal(exitCode, exitCodes.invalidConfiguration);
    assert.match(stderr, reason);
    assert.ok(stderr.includes(dataDir) && stderr.includes('--data-dir'));
  });
}

test('an administrator token that others can read is refused', async (context) => {
  const { path } = temporaryDirectory(context);
  const dataDir = join(path, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  writeFileSync(join(dataDir, 'admin-token'), 'x'.repeat(43));
  chmodSync(join(dataDir, 'admin-token'), 0o644);
  const { exitCode, stderr } = await failToStart({ dataDir });
  assert.equal(exitCode, exitCodes.invalidConfiguration);
  assert.match(stderr, /admin-token can be read/);
});

test('an unknown option and a slot count of nonsense are refused by name', async (context) => {
  const { path: dataDir } = temporaryDirectory(context);
  const { exitCode, stderr } = await failToStart({ dataDir, flags: ['--prot', '1', '--executor-slots', 'many'] });
  assert.equal(exitCode, exitCodes.invalidConfiguration);
  assert.match(stderr, /--prot: no such flag.*--port/);
  assert.match(stderr, /--executor-slots/);
});

test('shards do not outlive a killed platform, and a file it left behind does not stop the next one', async (context) => {
  const { path: dataDir } = temporaryDirectory(context);
  const platform = await startPlatform({ dataDir, slots: 2 });
  await openClient(platform).create(european({ maxPaths: '9000000000' }));
  const shards = await until('two shards', () => platform.shardPids().length === 2 && platform.shardPids());
  await platform.kill();
  await until('the shards are gone', () => !shards.some(isAlive));
  assert.ok(existsSync(join(dataDir, 'platform.json')));
  const next = await startPlatform({ dataDir, slots: 2 });
  assert.equal((JSON.parse(readFileSync(join(dataDir, 'platform.json'), 'utf8')) as { pid: number }).pid, next.pid);
  assert.equal(await next.stop(), 0);
});
