import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisMissing, startRedis, startRedisCluster, startValkey } from '@simfleet/testing';
import { assertEndsWithItsStarter } from './killed-starter.ts';

const skip = redisMissing();

test('a Redis is killed and comes back on its port, empty', { skip }, async (t) => {
  const redis = await startRedis(t);
  await redis.cli('SET', 'key', 'value');
  assert.equal(await redis.cli('GET', 'key'), 'value');
  await redis.kill();
  await assert.rejects(redis.cli('PING'));
  await redis.restart();
  assert.equal(await redis.cli('GET', 'key'), '');
  await redis.stop();
  await assert.rejects(redis.cli('PING'));
});

test('a persistent Redis with a password keeps what it answered', { skip }, async (t) => {
  const redis = await startRedis(t, { password: 'pass word#', persistent: true });
  assert.equal(new URL(redis.url).password, 'pass%20word%23');
  assert.equal(statSync(join(redis.directory, 'server.conf')).mode & 0o777, 0o600);
  await redis.cli('SET', 'key', 'value');
  await redis.kill();
  await redis.restart();
  assert.equal(await redis.cli('GET', 'key'), 'value');
});

test('a Valkey starts', { skip: redisMissing('valkey') }, async (t) => {
  const valkey = await startValkey(t);
  assert.match(await valkey.cli('INFO', 'server'), /valkey_version:9\.1\.2/);
});

test('a cluster of three answers for every slot', { skip }, async (t) => {
  const { nodes, url } = await startRedisCluster(t);
  assert.equal(url.split(',').length, 3);
  for (const { cli } of nodes) assert.match(await cli('CLUSTER', 'INFO'), /cluster_slots_ok:16384/);
});

test('a server ends with the process that started it, also when that is killed', { skip }, () =>
  assertEndsWithItsStarter('startRedis'),
);
