import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const source = join(import.meta.dirname, 'peer');
const environment = (): NodeJS.ProcessEnv => ({ ...process.env, CGO_ENABLED: '0', GOWORK: 'off' });

export interface Programs {
  readonly load: string;
  readonly centrifuge: string;
}

/** Why the load generator and the peer cannot be built here, or null. */
export const programsMissing = (): string | null => {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'go is not installed: it builds the load generator and a peer';
  }
};

/** Builds both, as pinned and written in `peer/`, into the user's cache unless they are there; a minute. Throws what go reports. */
export const buildPrograms = (): Programs => {
  const key = createHash('sha256').update(execFileSync('go', ['env', 'GOVERSION'], { cwd: source }));
  for (const file of ['go.mod', 'go.sum', ...globSync('*/*.go', { cwd: source }).sort()]) {
    key.update(file).update(readFileSync(join(source, file)));
  }
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'simfleet/bench-sockets', key.digest('hex').slice(0, 16));
  if (!existsSync(folder)) {
    console.log('building the load generator and the peer (once, a minute) …');
    mkdirSync(join(folder, '..'), { recursive: true });
    const scratch = mkdtempSync(join(folder, '../building-'));
    try {
      const words = ['build', '-trimpath', '-o', `${scratch}/`, './...'];
      execFileSync('go', words, { cwd: source, env: environment(), stdio: 'inherit' });
      if (!existsSync(folder)) renameSync(scratch, folder);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  return { load: join(folder, 'load'), centrifuge: join(folder, 'centrifuge') };
};

/** `centrifuge v0.38.0`, as pinned. */
export const centrifugeVersion = (): string =>
  /centrifuge v[\d.]+/.exec(readFileSync(join(source, 'go.mod'), 'utf8'))?.[0] ?? 'centrifuge';
