import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const source = join(import.meta.dirname, '../../../hack/tools/nats-server');

const goVersion = (): string | null => {
  try {
    return execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', cwd: source, stdio: 'pipe' }).trim();
  } catch {
    return null;
  }
};

/** Where the server lies once it is built: in the user's cache, keyed by what goes into it, so that all clones share it. */
const placeOf = (version: string): string => {
  const key = createHash('sha256').update(version);
  for (const file of ['go.mod', 'go.sum']) key.update(readFileSync(join(source, file)));
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'simfleet', 'nats-server', key.digest('hex').slice(0, 16), 'nats-server');
};

/** The server's file, or why there is none (the reason to skip with). */
export const natsServer = (): { readonly file: string } | { readonly missing: string } => {
  const version = goVersion();
  if (version === null) return { missing: 'go is not installed: it builds nats-server' };
  const file = placeOf(version);
  return existsSync(file) ? { file } : { missing: 'nats-server is not built: run node hack/install-tools.ts' };
};

/**
 * Builds the pinned nats-server unless it is there: under a minute, once for a user. Two that build at once do it twice, and the file appears
 * whole either way. Throws what go reports.
 */
export const buildNatsServer = (): { readonly file: string } | { readonly missing: string } => {
  const version = goVersion();
  if (version === null) return natsServer();
  const file = placeOf(version);
  if (existsSync(file)) return { file };
  const folder = join(file, '..');
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, 'building-'));
  try {
    const made = join(scratch, 'nats-server');
    execFileSync('go', ['build', '-trimpath', '-o', made, 'github.com/nats-io/nats-server/v2'], {
      cwd: source,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    renameSync(made, file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { file };
};
