import { availableParallelism } from 'node:os';
import type { Bus } from '@simfleet/bus';
import {
  administratorAuthorizer,
  createAdminToken,
  createCursorCodec,
  createHttpServer,
  createIdempotencyStore,
  idempotencyCollection,
  readCursorKeys,
} from '@simfleet/http';
import type { IdempotencyRecord } from '@simfleet/http';
import { jobsModule } from '@simfleet/jobs';
import { localExecutorModule } from '@simfleet/local-executor';
import { createReadiness } from '@simfleet/runtime';
import type { Module, Readiness, RunningModule, RuntimeContext } from '@simfleet/runtime';
import { builtInEngines } from '@simfleet/simulation/engines';
import { startRelay } from '@simfleet/storage';
import type { Storage } from '@simfleet/storage';
import { announce, withdraw } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';
import { modules } from './modules.ts';
import type { ModuleName } from './modules.ts';
import { readPlatformVersion } from './platform-version.ts';
import type { PlatformContext } from './platform-context.ts';

interface Assembly extends PlatformContext {
  readonly directory: DataDirectory;
  readonly storage: Storage;
  readonly bus: Bus;
}

/** The modules of the platform with their dependencies filled in; nothing runs yet. */
export const assembleModules = async (
  assembly: Assembly,
): Promise<{ readonly modules: readonly Module[]; readonly readiness: Readiness }> => {
  const { configuration, directory, storage, bus, runtime, execPath } = assembly;
  const executorOptions = configuration['local-executor'];
  const slots = executorOptions.executorSlots ?? availableParallelism();
  const cursors = createCursorCodec({ keys: await readCursorKeys(directory.cursorKey), clock: runtime.clock });
  const readiness = createReadiness(runtime.clock);
  const platformVersion = readPlatformVersion();
  const jobs = jobsModule({ storage, bus, engines: builtInEngines(), cursors, platformVersion, slots }, modules.jobs);
  const http = httpModule(assembly, jobs.routes, readiness, platformVersion);
  const executor = localExecutorModule(
    { storage, bus, url: http.url, dataDirectory: directory.path, execPath, options: executorOptions },
    modules['local-executor'],
  );
  const own = [
    storageModule(storage),
    busModule(bus),
    http.module,
    relayModule(assembly),
    announcementModule(assembly, http.url),
  ];
  return { modules: [jobs, executor, ...own], readiness };
};

const named = (name: ModuleName, start: (context: RuntimeContext) => Promise<RunningModule>): Module => ({
  name,
  dependsOn: modules[name],
  start,
});

const storageModule = (storage: Storage): Module =>
  named('storage', async () => ({ check: () => storage.check(), stop: () => storage.close() }));

const busModule = (bus: Bus): Module =>
  named('bus', async () => ({ check: () => bus.check(), stop: () => bus.close() }));

const relayModule = ({ storage, bus }: Assembly): Module =>
  named('relay', async ({ clock, logger }) =>
    startRelay({ outbox: storage.outbox, publish: (event) => bus.publish(event), clock, logger }),
  );

/** Clients on this machine find the platform by `platform.json`, which is there exactly while it is ready. */
const announcementModule = ({ directory, configuration, print, pid }: Assembly, url: () => string): Module =>
  named('announcement', async () => {
    await announce(directory, { url: url(), pid });
    if (configuration.platform.printReady) print(`${JSON.stringify({ url: url(), pid, dataDir: directory.path })}\n`);
    return { stop: () => withdraw(directory) };
  });

const description = 'Quantitative simulations as a service: reproducible, precise, live.';

const httpModule = (
  { configuration, directory, storage }: Assembly,
  routes: Parameters<typeof createHttpServer>[0]['routes'],
  readiness: Readiness,
  version: string,
): { readonly module: Module; readonly url: () => string } => {
  let address = '';
  const start = async ({ clock, logger, metrics }: RuntimeContext): Promise<RunningModule> => {
    const token = await createAdminToken(directory.adminToken);
    const collection = await storage.collection<IdempotencyRecord>(idempotencyCollection);
    const server = createHttpServer({
      ...{ routes, logger, clock, metrics },
      info: { title: 'Simfleet', version, description },
      authorizer: administratorAuthorizer(token),
      readiness: () => readiness.check(),
      // One process at a time holds the store: a claim of another one is a dead one's.
      idempotency: createIdempotencyStore({ collection, clock, soleOwner: true }),
    });
    const { host, port } = configuration.platform;
    address = (await server.start({ host, port })).url;
    return { stop: () => server.stop() };
  };
  return { module: named('http', start), url: () => address };
};
