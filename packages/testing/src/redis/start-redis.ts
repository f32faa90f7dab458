import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { startGuarded, type GuardedServer } from '../guarded-server.ts';
import { until } from '../until.ts';
import { serverCommand, type RedisKind } from './programs.ts';

const run = promisify(execFile);

export interface RedisOptions {
  /** Each write is synced before it is answered, so that `kill` loses nothing. Default false: a restart finds it empty. */
  readonly persistent?: boolean;
  /** Asked of every connection; `url` holds it. */
  readonly password?: string;
  /** Files of the server's certificate and its key, and of the authority that signed it: it then speaks TLS only. Debian's Redis, not the pinned Valkey. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly authority: string };
  /** A sentinel, which watches the masters that `settings` name and counts nothing. Default false. */
  readonly sentinel?: boolean;
  /** Further settings, as in `redis.conf`: `{ 'maxmemory': '1mb' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A real server of this test's own, on a free loopback port, without persistence unless asked. It ends with the test's process however that dies. */
export interface TestRedis {
  /** `redis://` or `rediss://`, with the password. The same over restarts. */
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  readonly pid: () => number;
  /** Runs one command by redis-cli and answers what it prints: `await redis.cli('PTTL', key)`. */
  readonly cli: (...words: readonly string[]) => Promise<string>;
  /** SIGTERM, and waits for the end. */
  readonly stop: () => Promise<void>;
  /** SIGKILL, and waits for the end. */
  readonly kill: () => Promise<void>;
  /** SIGSTOP: it is there and answers nothing. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Starts it again after `stop` or `kill`: same port, same directory. Resolves when it answers. */
  readonly restart: () => Promise<void>;
  /** The end of its log. */
  readonly log: () => string;
}

/** Who cleans up: a test, or a benchmark with a list. */
export interface CleanUp {
  after(cleanUp: () => Promise<void>): void;
}

const settingsOf = (
  { persistent = false, password, tls, settings = {} }: RedisOptions,
  port: number,
  directory: string,
): string =>
  Object.entries({
    bind: '127.0.0.1',
    port: tls === undefined ? String(port) : '0',
    dir: directory,
    save: '""',
    ...(persistent ? { appendonly: 'yes', appendfsync: 'always' } : { appendonly: 'no' }),
    ...(password === undefined ? {} : { requirepass: JSON.stringify(password) }),
    ...(tls === undefined
      ? {}
      : {
          'tls-port': String(port),
          'tls-cert-file': tls.certificate,
          'tls-key-file': tls.key,
          'tls-ca-cert-file': tls.authority,
          'tls-auth-clients': 'no',
        }),
    ...settings,
  })
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');

/** Starts a server of either kind. Throws the reason where there is none: ask `redisMissing` first and skip. */
export const startServer = async (kind: RedisKind, test: CleanUp, options: RedisOptions): Promise<TestRedis> => {
  const found = serverCommand(kind);
  if ('missing' in found) throw new Error(found.missing);
  const directory = mkdtempSync(join(tmpdir(), `simfleet-${kind}-`));
  const port = await freePort();
  const [config, logFile] = [join(directory, 'server.conf'), join(directory, 'log')];
  writeFileSync(config, settingsOf(options, port, directory), { mode: 0o600 });
  const log = (): string => readFileSync(logFile, 'utf8').split('\n').slice(-30).join('\n');

  const { password, tls } = options;
  const secure = tls === undefined ? [] : ['--tls', '--cacert', tls.authority];
  const environment = password === undefined ? process.env : { ...process.env, REDISCLI_AUTH: password };
  const cli = async (...words: readonly string[]): Promise<string> => {
    const { stdout } = await run('redis-cli', ['-p', String(port), ...secure, ...words], {
      env: environment,
      maxBuffer: 2 ** 26,
    });
    return stdout.replace(/\n$/, '');
  };

  let server: GuardedServer | null = null;
  const running = (): GuardedServer => {
    if (server === null) throw new Error(`${kind} is not running`);
    return server;
  };
  const end = async (removing: boolean): Promise<void> => {
    const ending = server;
    server = null;
    await ending?.kill(removing);
    if (removing) rmSync(directory, { recursive: true, force: true });
  };
  const start = async (): Promise<void> => {
    if (server !== null) return;
    const started = await startGuarded(directory, logFile, [
      ...found.command,
      config,
      ...(options.sentinel === true ? ['--sentinel'] : []),
    ]);
    server = started;
    await until(`${kind} to answer`, async () => {
      if (!started.alive()) throw new Error(`${kind} ended:\n${log()}`);
      return (await cli('PING').catch(() => '')) === 'PONG';
    });
  };

  test.after(() => end(true));
  await start();
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  return {
    url: `${tls === undefined ? 'redis' : 'rediss'}://${secret}127.0.0.1:${port}`,
    port,
    directory,
    pid: () => running().pid,
    cli,
    async stop() {
      if (server === null) return;
      const stopping = server;
      process.kill(stopping.pid, 'SIGTERM');
      await until(`${kind} to stop`, () => !stopping.alive());
      await end(false);
    },
    kill: () => end(false),
    pause: () => running().pause(),
    resume: () => running().resume(),
    restart: start,
    log,
  };
};

/** A Redis of this test's own. Throws the reason where there is none: ask `redisMissing` first and skip. */
export const startRedis = (test: CleanUp, options: RedisOptions = {}): Promise<TestRedis> =>
  startServer('redis', test, options);

/** A Valkey of this test's own. Throws the reason where there is none: ask `redisMissing('valkey')` first and skip. */
export const startValkey = (test: CleanUp, options: RedisOptions = {}): Promise<TestRedis> =>
  startServer('valkey', test, options);
