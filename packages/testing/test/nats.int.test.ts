import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive, natsServer, startNats } from '@simfleet/testing';
import { assertEndsWithItsStarter } from './killed-starter.ts';

const binary = natsServer();
const skip = 'missing' in binary ? binary.missing : false;

test('a server starts, is killed, and comes back on its port with its store', { skip }, async (t) => {
  const nats = await startNats(t);
  const about = async (): Promise<{
    readonly version: string;
    readonly jetstream: { config: { sync_always?: boolean } };
  }> => (await (await fetch(`${nats.monitorUrl}/varz`)).json()) as never;
  assert.equal((await about()).version, '2.15.2');
  assert.equal((await about()).jetstream.config.sync_always, true);
  assert.equal(statSync(join(nats.directory, 'nats.conf')).mode & 0o777, 0o600);
  const first = nats.pid();
  await nats.kill();
  assert.equal(isAlive(first), false);
  await assert.rejects(about());
  await nats.restart();
  assert.notEqual(nats.pid(), first);
  assert.equal((await about()).version, '2.15.2');
});

test('a server ends with the process that started it, also when that is killed', { skip }, () =>
  assertEndsWithItsStarter('startNats'),
);
