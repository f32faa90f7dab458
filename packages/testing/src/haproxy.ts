import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startGuarded } from './guarded-server.ts';
import { until } from './until.ts';

export interface HaproxyOptions {
  /** Path of the configuration, used as it is. */
  readonly configuration: string;
  /** Variable of the address that it binds. */
  readonly bind: string;
  /** Other variables that it reads. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface TestHaproxy {
  readonly url: string;
  readonly pid: number;
  /** What it said. */
  log(): string;
}

/** Why there is no HAProxy here, or false: for the `skip` of a test. */
export const haproxyMissing = (): string | false =>
  spawnSync('haproxy', ['-v'], { stdio: 'ignore' }).error === undefined
    ? false
    : 'haproxy is missing (Debian: apt-get install haproxy)';

/** A real HAProxy on a free loopback port. It goes with the test, also when the test process is killed. */
export const startHaproxy = async (
  test: { after(cleanUp: () => Promise<void>): void },
  { configuration, bind, variables = {} }: HaproxyOptions,
): Promise<TestHaproxy> => {
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-haproxy-'));
  const logFile = join(directory, 'log');
  const port = await freePort();
  const given = Object.entries({ ...variables, [bind]: `127.0.0.1:${port}` });
  const command = ['env', ...given.map(([name, value]) => `${name}=${value}`), 'haproxy', '-db', '-f', configuration];
  const server = await startGuarded(directory, logFile, command);
  test.after(() => server.kill(true));
  await until('HAProxy to listen', async () => {
    if (!server.alive()) throw new Error(`HAProxy ended: ${readFileSync(logFile, 'utf8')}`);
    return listens(port);
  });
  return { url: `http://127.0.0.1:${port}`, pid: server.pid, log: () => readFileSync(logFile, 'utf8') };
};

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
