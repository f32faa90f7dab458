import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { until } from '../until.ts';
import { startGuarded, type GuardedServer } from '../guarded-server.ts';
import { postgresMissing, postgresPrograms, serverAccount } from './programs.ts';

const run = promisify(execFile);

export interface PostgresOptions {
  /** Whether the server syncs its writes to the disk. Default false: no test but those of durability tells the difference. */
  readonly fsync?: boolean;
  /** Further settings of the server, as in `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface DatabaseOptions {
  /** An ICU locale such as `en-US` that text of the database sorts by. Default: the C locale. */
  readonly icuLocale?: string;
}

/**
 * A PostgreSQL server of this test alone, on a free loopback port, with a random password, in a temporary directory. It ends with the test
 * process, however that dies; `stop` it all the same.
 */
export interface PostgresServer {
  /** `postgres://postgres:…@127.0.0.1:port/postgres`, the superuser's. It stays the same over restarts. */
  readonly url: string;
  readonly port: number;
  /** Process id of the running server (the postmaster). */
  readonly pid: number;
  /** Where its data is. */
  readonly directory: string;
  /** Makes an empty database and answers its URL. One for each store keeps tests apart and costs some 50 ms. */
  createDatabase(options?: DatabaseOptions): Promise<string>;
  /** Runs SQL as superuser through `psql` (in the database `postgres` unless another URL is given) and answers its unaligned rows. */
  sql(text: string, url?: string): Promise<string>;
  /** SIGKILL to the server and all its processes: resolves when none is left. What was committed is there after `start`. */
  kill(): Promise<void>;
  /** A fast shutdown, as an administrator does it: connections are told and cut. */
  shutDown(): Promise<void>;
  /** Starts it again on the same port and data after `kill` or `shutDown`; resolves when it takes connections. */
  start(): Promise<void>;
  /** SIGSTOP to all its processes: connections stay open and nobody answers. */
  pause(): void;
  resume(): void;
  /** The end of its log, for messages of failed tests. */
  log(): string;
  /** Ends it for good and removes its directory. Idempotent. */
  stop(): Promise<void>;
}

const settingsOf = ({ fsync = false, settings = {} }: PostgresOptions, port: number, directory: string): string =>
  Object.entries({
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: directory,
    fsync: fsync ? 'on' : 'off',
    max_connections: '200',
    shared_buffers: '64MB',
    wal_level: 'minimal',
    max_wal_senders: '0',
    ...settings,
  })
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join('');

/** Starts a server. Throws the reason where none can be started: ask `postgresMissing` first and skip. */
export const startPostgres = async (options: PostgresOptions = {}): Promise<PostgresServer> => {
  const missing = postgresMissing();
  const programs = postgresPrograms();
  if (missing !== null || programs === null) throw new Error(missing ?? 'PostgreSQL is not installed');
  const account = serverAccount();
  const as =
    account === null ? [] : ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--'];
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-pg-'));
  const data = join(directory, 'data');
  const logFile = join(directory, 'log');
  const passwordFile = join(directory, 'password');
  const password = randomBytes(16).toString('hex');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  writeFileSync(logFile, '');
  if (account !== null) {
    for (const path of [directory, passwordFile]) chownSync(path, account.uid, account.gid);
  }
  const log = (): string => readFileSync(logFile, 'utf8').split('\n').slice(-30).join('\n');
  const port = await freePort();
  const [command = '', ...rest] = [
    ...as,
    join(programs, 'initdb'),
    ...['-D', data, '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['--locale=C.UTF-8', '--encoding=UTF8', '--no-sync'],
  ];
  try {
    await run(command, rest, { cwd: '/' });
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  writeFileSync(join(data, 'postgresql.auto.conf'), settingsOf(options, port, directory));

  let server: GuardedServer;
  let running = false;
  let databases = 0;
  const urlOf = (database: string): string => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  /** Line 8 of `postmaster.pid`, since PostgreSQL 10. */
  const isReady = (): boolean => {
    try {
      return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim() === 'ready';
    } catch {
      return false;
    }
  };
  const start = async (): Promise<void> => {
    if (running) return;
    rmSync(join(data, 'postmaster.pid'), { force: true });
    server = await startGuarded(directory, logFile, [...as, join(programs, 'postgres'), '-D', data]);
    running = true;
    await until(
      'PostgreSQL to take connections',
      async () => {
        if (server.alive()) return isReady();
        const end = log();
        await kill();
        throw new Error(`PostgreSQL did not start:\n${end}`);
      },
      60_000,
    );
  };
  const kill = async (): Promise<void> => {
    if (!running) return;
    running = false;
    await server.kill(false);
  };
  const sql = async (text: string, url = urlOf('postgres')): Promise<string> => {
    const { stdout } = await run('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', text, url]);
    return stdout.trim();
  };
  await start();
  return {
    url: urlOf('postgres'),
    port,
    directory,
    get pid() {
      return server.pid;
    },
    async createDatabase({ icuLocale } = {}) {
      databases += 1;
      const name = `test_${databases}`;
      const locale = icuLocale === undefined ? '' : ` LOCALE_PROVIDER icu ICU_LOCALE '${icuLocale}' TEMPLATE template0`;
      await sql(`CREATE DATABASE ${name}${locale}`);
      return urlOf(name);
    },
    sql,
    kill,
    async shutDown() {
      if (!running) return;
      process.kill(server.pid, 'SIGINT');
      await until('PostgreSQL to shut down', () => !server.alive(), 30_000);
      await kill();
    },
    start,
    pause: () => server.pause(),
    resume: () => server.resume(),
    log,
    async stop() {
      if (running) {
        running = false;
        await server.kill(true);
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
