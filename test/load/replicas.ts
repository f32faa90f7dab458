import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  freePort,
  haproxyMissing,
  natsServer,
  postgresMissing,
  redisMissing,
  startHaproxy,
  startNats,
  startPostgres,
  startRedis,
  temporaryDirectory,
} from '@simfleet/testing';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import type { Owner } from './owner.ts';

/** Two replicas of the jobs service with an executor, on one PostgreSQL, one NATS and one Redis: as a cluster has them. */
export interface Replicas {
  readonly urls: readonly string[];
  readonly socketUrls: readonly string[];
  readonly token: string;
  readonly pids: readonly number[];
}

export interface ReplicaOptions {
  /** Where limits are counted: all replicas together, each replica apart (a fault, to be found), or nowhere. Default `shared`. */
  readonly limits?: 'shared' | 'apart' | 'off';
  /** Behind HAProxy: one address for both. WebSockets stay with the replicas. Default false. */
  readonly balancer?: boolean;
  /** Default 2. */
  readonly replicas?: number;
}

/** Why there can be none here, or false. */
export const replicasMissing = ({ balancer = false }: ReplicaOptions = {}): string | false => {
  const nats = natsServer();
  if ('missing' in nats) return nats.missing;
  return postgresMissing() ?? (redisMissing() || (balancer ? haproxyMissing() : false));
};

const entry = fileURLToPath(new URL('../../services/all-in-one/src/main.ts', import.meta.url));
const balancing = fileURLToPath(new URL('../../examples/haproxy/haproxy.cfg', import.meta.url));

interface Ready {
  readonly url: string;
  readonly socketsUrl: string | null;
}

/** Load makes the shards of jobs wait, not the replicas that are measured. */
const politely = ['nice', '-n', '10'];

const startPlatformPart = async (
  owner: Owner,
  flags: readonly string[],
  variables: NodeJS.ProcessEnv,
  before: readonly string[] = [],
): Promise<Ready & { readonly child: Child }> => {
  const command = [...before, process.execPath, entry, '--print-ready', '--log-level', 'warn', ...flags];
  const child = await startChild(command, {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  owner.after(() => child.stop());
  const log: Buffer[] = [];
  child.process.stderr?.on('data', (chunk: Buffer) => log.push(chunk));
  const line = new Promise<string>((resolve) =>
    createInterface({ input: child.process.stdout! }).once('line', resolve),
  );
  const first = await Promise.race([line, child.ended.then(() => null)]);
  if (first === null) throw new Error(`the platform did not start: ${Buffer.concat(log).toString()}`);
  return { ...(JSON.parse(first) as Ready), child };
};

const limitsOf = async (owner: Owner, limits: ReplicaOptions['limits']): Promise<string> => {
  if (limits === 'off') return 'off';
  return limits === 'apart' ? 'memory:' : (await startRedis(owner)).url;
};

/** Starts all of it; everything ends with the owner, and with this process. Throws the reason where something is missing: see `replicasMissing`. */
export const startReplicas = async (
  owner: Owner,
  { limits = 'shared', balancer = false, replicas = 2 }: ReplicaOptions = {},
): Promise<Replicas> => {
  const [postgres, nats, counts] = await Promise.all([
    startPostgres(),
    startNats(owner, { syncAlways: false }),
    limitsOf(owner, limits),
  ]);
  owner.after(() => postgres.stop());
  const { path } = temporaryDirectory(owner);
  const variables = {
    SIMFLEET_STORAGE: await postgres.createDatabase(),
    SIMFLEET_BUS: nats.url,
    SIMFLEET_RATE_LIMITS: counts,
    SIMFLEET_RATE_LIMIT_REPLICAS: String(replicas),
    // Replicas, Redis and k6 share the processors here: a pause of the machine is not a loss of Redis.
    SIMFLEET_RATE_LIMIT_TIMEOUT_MS: '2000',
    // At the stop nobody comes any more.
    SIMFLEET_DRAIN_MS: '0',
    // Scripts send X-Forwarded-For as a proxy on this machine would.
    SIMFLEET_TRUSTED_PROXIES: '127.0.0.1/32',
  };
  const adminToken = join(path, 'admin-token');
  const startJobs = (port: number): Promise<Ready & { readonly child: Child }> => {
    const files = ['--admin-token-file', adminToken, '--cursor-key-file', join(path, 'cursor-key')];
    const flags = ['--target', 'jobs', '--port', String(port), '--sockets-port', '0', ...files];
    return startPlatformPart(owner, flags, variables);
  };
  const ports = await Promise.all(Array.from({ length: replicas }, () => freePort()));
  const jobs = [];
  // The first makes the tables and the files that the others find.
  for (const port of ports) jobs.push(await startJobs(port));
  const own = jobs.map(({ url }) => url);
  const urls = balancer ? [await balance(owner, ports)] : own;
  const executorFlags = ['--target', 'local-executor', '--port', '0', '--data-dir', join(path, 'executor')];
  const [api = ''] = urls;
  await startPlatformPart(owner, [...executorFlags, '--api-url', api, '--executor-slots', '2'], variables, politely);
  return {
    urls,
    socketUrls: jobs.flatMap(({ socketsUrl }) => socketsUrl ?? []),
    token: readFileSync(adminToken, 'utf8').trim(),
    pids: jobs.map(({ child }) => child.pid),
  };
};

const balance = async (owner: Owner, ports: readonly number[]): Promise<string> => {
  const variables = ports.map((port, index) => [`SIMFLEET_JOBS_${index + 1}`, `127.0.0.1:${port}`]);
  const haproxy = await startHaproxy(owner, {
    configuration: balancing,
    bind: 'SIMFLEET_BIND',
    variables: Object.fromEntries(variables) as Record<string, string>,
  });
  return haproxy.url;
};
