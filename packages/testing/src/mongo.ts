import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isWireServerBuilt, wireServerHome } from './mongo-wire-server.ts';
import { standStill } from './stand-still.ts';

/**
 * What tests of MongoDB run on: the server of `MONGODB_URL` (`real`), else a server of our own that speaks its protocol (`wire`) and proves
 * just that, not MongoDB's durability, indexes or plans.
 */
export interface TestMongo {
  readonly kind: 'wire' | 'real';
  /** `mongodb://…` of a database that nobody else uses, another with each call. On a real server, who asks for it drops it. */
  databaseUrl(): string;
  /** Ends the server and removes its data. A real one is left alone. Idempotent. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. Wire server only, like all that follow. */
  kill(): Promise<void>;
  /** After `kill`: the same port, and with `persistent` the same data. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
}

export interface TestMongoOptions {
  /** Each write is in a file before it is answered, so that `kill` loses nothing; slower. Default false. */
  readonly persistent?: boolean;
  /** A server of our own although `MONGODB_URL` names one: to kill it, pause it. Default false. */
  readonly killable?: boolean;
}

/** Why tests that need a MongoDB cannot run here, or false: `{ skip: mongoMissing() }`. */
export const mongoMissing = ({ killable = false }: TestMongoOptions = {}): string | false =>
  (process.env['MONGODB_URL'] !== undefined && !killable) || isWireServerBuilt()
    ? false
    : 'no wire-protocol server (node hack/install-tools.ts builds it; needs a JDK and Maven), nor a MONGODB_URL that would do';

/** A database name and the options of a connection string in place of its own. */
const withDatabase = (url: string, database: string): string => {
  const [, hosts = url, own = '', query = ''] = /^([^/]+\/\/[^/?]+)\/?([^?]*)\??(.*)$/s.exec(url) ?? [];
  const options = new URLSearchParams(query);
  // Without it the new database would be asked who the user is.
  if (hosts.includes('@') && !options.has('authSource')) options.set('authSource', own || 'admin');
  return `${hosts}/${database}${options.size > 0 ? `?${options.toString()}` : ''}`;
};

const freshName = (): string => `simfleet_test_${randomBytes(6).toString('hex')}`;

/** Says once a file which server its tests run on. */
const tell = (text: string): void => void process.stdout.write(`MongoDB: ${text}\n`);

const realMongo = (url: string): TestMongo => {
  tell('the real server of MONGODB_URL');
  const refuse = (): never => {
    throw new Error('a real server is not ours to kill');
  };
  return {
    kind: 'real',
    databaseUrl: () => withDatabase(url, freshName()),
    stop: async () => undefined,
    kill: refuse,
    restart: refuse,
    pause: refuse,
    resume: refuse,
  };
};

/** Starts the server and resolves with the process and its port once it listens. */
const startWire = async (
  port: number,
  file: string | undefined,
): Promise<{ readonly child: ChildProcess; readonly port: number }> => {
  const home = wireServerHome();
  const lean = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx1g'];
  const classes = `${home}:${join(home, 'lib', '*')}`;
  const program = ['-cp', classes, 'WireServer', String(port), ...(file === undefined ? [] : [file])];
  // Its standard input is what it lives on: closed with this process, however that ends.
  const child = spawn('java', [...lean, ...program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.on('error', () => undefined);
  for await (const line of createInterface({ input: child.stdout })) {
    const [, found] = /^listening (\d+)$/.exec(line) ?? [];
    if (found !== undefined) {
      child.unref();
      (child.stdin as unknown as { unref(): void }).unref();
      (child.stdout as unknown as { unref(): void }).unref();
      return { child, port: Number(found) };
    }
  }
  throw new Error('The wire-protocol server has not started.');
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
};

const wireMongo = async (persistent: boolean): Promise<TestMongo> => {
  tell('a server that speaks its protocol; it proves the protocol, not MongoDB’s durability');
  const directory = persistent ? mkdtempSync(join(tmpdir(), 'simfleet-mongo-')) : undefined;
  const file = directory === undefined ? undefined : join(directory, 'data.mv');
  let { child, port } = await startWire(0, file);
  const endWithProcess = (): void => {
    child.kill('SIGKILL');
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', endWithProcess);
  return {
    kind: 'wire',
    databaseUrl: () => `mongodb://127.0.0.1:${port}/${freshName()}`,
    async stop() {
      await end(child);
      endWithProcess();
      process.off('exit', endWithProcess);
    },
    kill: () => end(child),
    async restart() {
      ({ child, port } = await startWire(port, file));
    },
    pause: () => standStill(child),
    resume: () => void child.kill('SIGCONT'),
  };
};

/** Starts a MongoDB for the tests of one file. It ends with the process of the tests, however that ends. Throws when `mongoMissing()`. */
export const startMongo = async ({
  persistent = false,
  killable = false,
}: TestMongoOptions = {}): Promise<TestMongo> => {
  const url = process.env['MONGODB_URL'];
  return url === undefined || killable ? wireMongo(persistent) : realMongo(url);
};
