import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { test } from 'node:test';
import { natsServer, startNats, until } from '@simfleet/testing';

const binary = natsServer();
const skip = 'missing' in binary ? binary.missing : false;

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

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
  assert.equal(lives(first), false);
  await assert.rejects(about());
  await nats.restart();
  assert.notEqual(nats.pid(), first);
  assert.equal((await about()).version, '2.15.2');
});

test('a server ends with the process that started it, also when that is killed', { skip }, async () => {
  const program = `import { startNats } from '@simfleet/testing';
    const nats = await startNats({ after: () => undefined });
    console.log(JSON.stringify({ pid: nats.pid(), directory: nats.directory }));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { pid, directory } = JSON.parse(line) as { pid: number; directory: string };
  assert.ok(lives(pid));
  child.kill('SIGKILL');
  await until('the server to end', () => !lives(pid));
  await until('its directory to go', () => !existsSync(directory));
});
