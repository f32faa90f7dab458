import { availableParallelism } from 'node:os';
import { SimfleetError } from '@simfleet/contracts';
import { createCursorCodec, followCursorKeys } from '@simfleet/http';
import { jobsModule } from '@simfleet/jobs';
import type { JobsModule } from '@simfleet/jobs';
import { localExecutorModule } from '@simfleet/local-executor';
import { createReadiness } from '@simfleet/runtime';
import type { Module, Readiness } from '@simfleet/runtime';
import { builtInEngines } from '@simfleet/simulation/engines';
import { startLedRelay } from '@simfleet/storage';
import { startAnnouncing } from './announcement.ts';
import type { Assembly } from './assembly.ts';
import { httpServer } from './http-server.ts';
import { dependenciesOf } from './modules.ts';
import type { ModuleName } from './modules.ts';
import { socketServer } from './socket-server.ts';
import { readPlatformVersion } from './platform-version.ts';

/** The modules of this process with their dependencies filled in; nothing runs yet. */
export const assembleModules = async (
  assembly: Assembly,
): Promise<{ readonly modules: readonly Module[]; readonly readiness: Readiness }> => {
  const { configuration, runtime, present } = assembly;
  const readiness = createReadiness(runtime.clock);
  const version = readPlatformVersion();
  const after = (name: ModuleName): readonly ModuleName[] => dependenciesOf(name, present);
  const jobs = present.has('jobs') ? await jobsOf(assembly, version, after('jobs')) : null;
  const requestLimits = jobs === null ? null : assembly.limits.follow(jobs.limits);
  const http = httpServer({ ...assembly, requestLimits, routes: jobs?.routes ?? [], readiness, version });
  const sockets = socketServer({ ...assembly, requestLimits }, jobs, http.access);
  const apiUrl = (): string => configuration.platform.apiUrl ?? http.url();
  const services = [
    ...(jobs === null ? [] : [jobs]),
    ...(present.has('local-executor') ? [executorOf(assembly, apiUrl, after('local-executor'))] : []),
  ];
  const starts = {
    storage: startStorage(assembly),
    bus: startBus(assembly),
    leases: startLeases(assembly),
    limits: assembly.limits.start,
    http: http.start,
    sockets: sockets.start,
    relay: startRelaying(assembly),
    announcement: startAnnouncing(assembly, http.url, sockets.url),
  } as const satisfies Readonly<Partial<Record<ModuleName, Module['start']>>>;
  const own = Object.entries(starts)
    .filter(([name]) => present.has(name as ModuleName))
    .map(([name, start]) => ({ name, dependsOn: after(name as ModuleName), start }));
  return { modules: [...services, ...own], readiness };
};

type Start = Module['start'];

const jobsOf = async (
  { configuration, runtime, keyFiles, storage, bus, leases, limits }: Assembly,
  platformVersion: string,
  dependsOn: readonly string[],
): Promise<JobsModule> => {
  const keys = await followCursorKeys({ path: keyFiles.cursorKey, ...runtime });
  const cursors = createCursorCodec({ keys, clock: runtime.clock });
  const slots = configuration['local-executor'].executorSlots ?? availableParallelism();
  const options = configuration.jobs;
  const limiter = limits.store;
  return jobsModule(
    { storage, bus, leases, limiter, engines: builtInEngines(), cursors, platformVersion, slots, options },
    dependsOn,
  );
};

const executorOf = (
  { configuration, directory, storage, bus, leases, execPath }: Assembly,
  url: () => string,
  dependsOn: readonly string[],
): Module => {
  if (directory === null) throw new SimfleetError('internal', 'an executor needs a data directory');
  const options = configuration['local-executor'];
  return localExecutorModule(
    { storage, bus, leases, url, dataDirectory: directory.path, execPath, options },
    dependsOn,
  );
};

const startStorage =
  ({ storage, release }: Assembly): Start =>
  async () => ({
    check: () => storage.check(),
    async stop() {
      await storage.close();
      release();
    },
  });

const startBus =
  ({ bus }: Assembly): Start =>
  async () => ({ check: () => bus.check(), stop: () => bus.close() });

/** Given up once nothing needs them, so that other processes take over at once. */
const startLeases =
  ({ leases, releaseStore }: Assembly): Start =>
  async () => ({
    async stop() {
      await leases.close();
      await releaseStore();
    },
  });

/** One process of those on a store relays; the others tell it of their commits. At its stop the next one goes on at once. */
const startRelaying =
  ({ storage, bus, leases }: Assembly): Start =>
  async ({ clock, logger }) => {
    const relay = await startLedRelay({
      outbox: storage.outbox,
      publish: (event) => bus.publish(event),
      hints: {
        tell: () => bus.broadcast('outbox.commits', {}),
        listen: (listener) => bus.listen('outbox.commits', listener),
      },
      ...{ leases, clock, logger },
    });
    return {
      async stop() {
        await relay.stop();
        await leases.release('relay');
      },
    };
  };
