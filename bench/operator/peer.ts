import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const source = join(import.meta.dirname, 'peer');
const environment = (): NodeJS.ProcessEnv => ({ ...process.env, CGO_ENABLED: '0', GOWORK: 'off' });

/** Why the peer cannot be built here, or null. */
export const peerMissing = (): string | null => {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'go is not installed: it builds the peer';
  }
};

/** Builds the peer, as pinned and written in `peer/`, into the user's cache unless it is there; some two minutes. Throws what go reports. */
export const buildPeer = (): string => {
  const key = createHash('sha256').update(execFileSync('go', ['env', 'GOVERSION'], { cwd: source }));
  for (const file of ['go.mod', 'go.sum', ...globSync('*.go', { cwd: source }).sort()]) {
    key.update(readFileSync(join(source, file)));
  }
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'simfleet/bench-operator', key.digest('hex').slice(0, 16));
  const file = join(folder, 'operator-peer');
  if (existsSync(file)) return file;
  console.log('building the peer (once, some two minutes) …');
  mkdirSync(folder, { recursive: true });
  const made = join(folder, `building-${process.pid}`);
  execFileSync('go', ['build', '-trimpath', '-o', made, '.'], { cwd: source, env: environment(), stdio: 'inherit' });
  renameSync(made, file);
  return file;
};

/** `controller-runtime v0.25.2`, as pinned. */
export const peerVersion = (): string =>
  /controller-runtime v[\d.]+/.exec(readFileSync(join(source, 'go.mod'), 'utf8'))?.[0] ?? 'controller-runtime';
