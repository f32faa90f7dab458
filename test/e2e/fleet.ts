import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import {
  freePort,
  haproxyMissing,
  natsServer,
  startHaproxy,
  startNats,
  temporaryDirectory,
  until,
} from '@simfleet/testing';
import type { TestHaproxy, TestNats } from '@simfleet/testing';
import { openStorage } from '@simfleet/wiring';
import { openClient } from './client.ts';
import type { Client } from './client.ts';
import { startProcess } from './platform.ts';
import type { ServiceProcess } from './platform.ts';

const balancer = fileURLToPath(new URL('../../examples/haproxy/haproxy.cfg', import.meta.url));

/** Services as separate processes: two replicas of the jobs service behind HAProxy, two executors, NATS, and the given store. */
export interface Fleet {
  /** Of the load balancer. */
  readonly url: string;
  readonly token: string;
  readonly client: Client;
  readonly nats: TestNats;
  readonly haproxy: TestHaproxy;
  /** Running replicas; a test may put another one in the place of one that it ended. */
  readonly jobs: ServiceProcess[];
  readonly executors: ServiceProcess[];
  startJobs(index: number): Promise<ServiceProcess>;
  startExecutor(index: number): Promise<ServiceProcess>;
  /** Member id of the process that holds the lease, as the store says. */
  holderOf(lease: string): Promise<string | undefined>;
}

/** Why there can be no fleet here, or false. */
export const fleetMissing = (): string | false => {
  const nats = natsServer();
  return 'missing' in nats ? nats.missing : haproxyMissing();
};

interface FleetOptions {
  /** URL of an empty database. */
  readonly storage: string;
  readonly slots?: number;
  /** Whether NATS syncs before it acknowledges. Default false. */
  readonly syncAlways?: boolean;
}

export const openFleet = async (
  context: TestContext,
  { storage, slots = 2, syncAlways = false }: FleetOptions,
): Promise<Fleet> => {
  const { path } = temporaryDirectory(context);
  const nats = await startNats(context, { syncAlways });
  const ports = [await freePort(), await freePort()];
  const socketsPorts = [await freePort(), await freePort()];
  const processes: ServiceProcess[] = [];
  // First in, last out: processes end before what they use.
  context.after(async () => {
    for (const each of processes) each.resume();
    await Promise.all(processes.map((each) => each.kill()));
  });
  const haproxy = await startHaproxy(context, {
    configuration: balancer,
    bind: 'SIMFLEET_BIND',
    variables: Object.fromEntries(
      [ports, socketsPorts].flatMap((each, kind) =>
        each.map((port, index) => [`SIMFLEET_${kind === 0 ? 'JOBS' : 'SOCKETS'}_${index + 1}`, `127.0.0.1:${port}`]),
      ),
    ),
  });
  const variables = { SIMFLEET_STORAGE: storage, SIMFLEET_BUS: nats.url };
  const start = async (flags: readonly string[]): Promise<ServiceProcess> => {
    const started = await startProcess(flags, variables);
    processes.push(started);
    return started;
  };
  const [adminToken, cursorKey] = [join(path, 'admin-token'), join(path, 'cursor-key')];
  const startJobs = (index: number): Promise<ServiceProcess> =>
    start([
      ...['--target', 'jobs', '--port', String(ports[index]), '--sockets-port', String(socketsPorts[index])],
      ...['--admin-token-file', adminToken, '--cursor-key-file', cursorKey],
    ]);
  const startExecutor = (index: number): Promise<ServiceProcess> =>
    start([
      ...['--target', 'local-executor', '--port', '0', '--data-dir', join(path, `executor-${index}`)],
      ...['--api-url', haproxy.url, '--executor-slots', String(slots)],
    ]);
  const jobs = await Promise.all([startJobs(0), startJobs(1)]);
  const executors = [await startExecutor(0), await startExecutor(1)];
  const token = readFileSync(adminToken, 'utf8').trim();
  const client = openClient({ url: haproxy.url, token });
  await until('the load balancer to find the replicas', async () => {
    const { status } = await client.request('GET', '/readyz');
    return status === 200;
  });
  const store = await openStorage({ url: storage, dataDirectory: path });
  context.after(() => store.close());
  const leases = await store.collection<{ readonly customer: string; readonly holder: string }>({
    // As the platform declares it: another declaration would take away the columns that it reads by.
    ...{ name: 'leases', fields: { name: { path: ['name'], type: 'text' } }, sorts: ['name'] },
  });
  const holderOf = async (lease: string): Promise<string | undefined> => (await leases.get(lease))?.doc.holder;
  return { url: haproxy.url, token, client, nats, haproxy, jobs, executors, startJobs, startExecutor, holderOf };
};
