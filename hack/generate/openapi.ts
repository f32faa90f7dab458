import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The document that a platform serves: starts one in memory, asks it, and stops it. */
export const generateOpenApi = async (): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-generate-'));
  const args = [
    'services/all-in-one/src/main.ts',
    '--data-dir',
    directory,
    '--storage',
    'memory:',
    '--port',
    '0',
    '--print-ready',
    '--log-level',
    'error',
  ];
  const platform = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(createInterface(platform.stdout), 'line')) as [string];
    const { url } = JSON.parse(line) as { url: string };
    const authorization = `Bearer ${readFileSync(join(directory, 'admin-token'), 'utf8').trim()}`;
    const answer = await fetch(`${url}/openapi.json`, { headers: { authorization } });
    if (!answer.ok) throw new Error(`/openapi.json answered ${answer.status}`);
    return `${JSON.stringify(await answer.json(), null, 2)}\n`;
  } finally {
    platform.kill('SIGTERM');
    await once(platform, 'exit');
    rmSync(directory, { recursive: true, force: true });
  }
};
