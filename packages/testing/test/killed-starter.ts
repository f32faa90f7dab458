import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isAlive, until } from '@simfleet/testing';

/** Kills a process that started a server by the named function: the server and its directory must go. */
export const assertEndsWithItsStarter = async (start: 'startNats' | 'startRedis'): Promise<void> => {
  const program = `import { ${start} } from '@simfleet/testing';
    const server = await ${start}({ after: () => undefined });
    console.log(JSON.stringify({ pid: server.pid(), directory: server.directory }));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { pid, directory } = JSON.parse(line) as { readonly pid: number; readonly directory: string };
  assert.ok(isAlive(pid));
  child.kill('SIGKILL');
  await until('the server to end', () => !isAlive(pid));
  await until('its directory to go', () => !existsSync(directory));
};
