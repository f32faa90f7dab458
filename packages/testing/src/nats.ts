import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { natsServer } from './nats-binary.ts';
import { standStill } from './stand-still.ts';
import { until } from './until.ts';

export interface NatsOptions {
  /** Default true. */
  readonly jetstream?: boolean;
  /** `sync_interval: always`: acknowledged is synced. Default true. */
  readonly syncAlways?: boolean;
  /** Bytes; default 1 MiB, as of the server. */
  readonly maxPayload?: number;
  /** Who may connect: this token instead of user and password. */
  readonly token?: string;
  /** Files of the server's certificate and its key: it then speaks TLS only. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Words before the command: `['strace', …]`. The server must stay the process that is started. */
  readonly under?: readonly string[];
}

/** A real nats-server of this test's own, on loopback, with authentication on. */
export interface TestNats {
  /** With user and password. */
  readonly url: string;
  /** The same address without them. */
  readonly bareUrl: string;
  readonly user: string;
  readonly password: string;
  /** The monitoring endpoint: `${monitorUrl}/varz`. */
  readonly monitorUrl: string;
  readonly directory: string;
  readonly pid: () => number;
  /** SIGTERM, and waits for the end. */
  readonly stop: () => Promise<void>;
  /** SIGKILL, and waits for the end. */
  readonly kill: () => Promise<void>;
  /** SIGSTOP: it is there and answers nothing. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Starts it again after `stop` or `kill`: same port, same store. */
  readonly restart: () => Promise<void>;
  /** Has it read a changed configuration while it runs. */
  readonly reload: (options: Pick<NatsOptions, 'maxPayload'>) => void;
}

/** Whether somebody who greets as NATS does listens there. JetStream is up before the port is. */
const greets = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(1000);
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (data) => end(data.toString().startsWith('INFO')));
    socket.on('error', () => end(false));
    socket.on('timeout', () => end(false));
  });

const user = 'simfleet';
const password = 'for-tests-only';

const configuration = (
  directory: string,
  port: number,
  monitorPort: number,
  { jetstream = true, syncAlways = true, maxPayload = 2 ** 20, token, tls }: NatsOptions,
): string => `listen: 127.0.0.1:${port}
http: 127.0.0.1:${monitorPort}
max_payload: ${maxPayload}
log_file: ${JSON.stringify(join(directory, 'log'))}
authorization { ${token === undefined ? `user: ${user}, password: ${JSON.stringify(password)}` : `token: ${JSON.stringify(token)}`} }
${tls === undefined ? '' : `tls { cert_file: ${JSON.stringify(tls.certificate)}, key_file: ${JSON.stringify(tls.key)} }`}
${jetstream ? `jetstream { store_dir: ${JSON.stringify(join(directory, 'store'))}, ${syncAlways ? 'sync_interval: always' : ''} }` : ''}
`;

/**
 * Starts a server that goes with the test. It also goes when the process that started it is killed: a shell that waits for the end of its own
 * standard input then ends the server and removes the directory. Throws when the server is not built (`natsServer` tells beforehand).
 */
export const startNats = async (
  test: { after(cleanUp: () => Promise<void>): void },
  options: NatsOptions = {},
): Promise<TestNats> => {
  const binary = natsServer();
  if ('missing' in binary) throw new Error(binary.missing);
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-nats-'));
  const [port, monitorPort] = [await freePort(), await freePort()];
  const config = join(directory, 'nats.conf');
  const configure = (more: NatsOptions = {}): void =>
    writeFileSync(config, configuration(directory, port, monitorPort, { ...options, ...more }), { mode: 0o600 });
  configure();

  let running: { readonly server: ChildProcess; readonly guard: ChildProcess } | null = null;
  const serverPid = (): number => {
    if (running?.server.pid === undefined) throw new Error('nats-server is not running');
    return running.server.pid;
  };

  const start = async (): Promise<void> => {
    const [command = '', ...args] = [...(options.under ?? []), binary.file, '-c', config];
    const server = spawn(command, args, { stdio: 'ignore', detached: true });
    await once(server, 'spawn');
    const guard = spawn(
      'sh',
      ['-c', 'cat; kill -s KILL -- "-$1"; rm -rf "$2"', 'guard', String(server.pid), directory],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
        detached: true,
      },
    );
    for (const child of [server, guard]) child.unref();
    (guard.stdin as unknown as { unref(): void }).unref();
    running = { server, guard };
    await until('nats-server to listen', () => {
      if (server.exitCode === null && server.signalCode === null) return greets(port);
      throw new Error(`nats-server ended:\n${readFileSync(join(directory, 'log'), 'utf8')}`);
    });
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (running === null) return;
    const { server, guard } = running;
    running = null;
    guard.kill('SIGKILL');
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.ref();
    const ended = once(server, 'exit');
    // The group: under strace the server is a child.
    process.kill(-(server.pid ?? 0), signal);
    await ended;
  };

  test.after(async () => {
    await end('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  await start();
  const address = `127.0.0.1:${port}`;
  return {
    url: `nats://${user}:${password}@${address}`,
    bareUrl: `nats://${address}`,
    user,
    password,
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    directory,
    pid: serverPid,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => standStill({ pid: serverPid() }),
    resume: () => void process.kill(serverPid(), 'SIGCONT'),
    restart: start,
    reload(more) {
      configure(more);
      process.kill(-serverPid(), 'SIGHUP');
    },
  };
};
