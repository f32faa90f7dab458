import { startModules } from '@simfleet/runtime';
import type { RunningModules } from '@simfleet/runtime';
import { openLeases } from '@simfleet/storage';
import { holdDataDirectory, openBus, openStorage } from '@simfleet/wiring';
import { assembleModules } from './assemble.ts';
import type { Shared } from './assembly.ts';
import { openDataDirectory } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';
import { keyFilesOf, needsDataDirectory } from './key-files.ts';
import { openLimits } from './limits.ts';
import type { Limits } from './limits.ts';
import { modulesOf } from './modules.ts';
import { natsOptionsOf } from './nats-options.ts';
import type { PlatformContext } from './platform-context.ts';
import { checkSharing, warnOfPlainText } from './sharing.ts';
import { takeSoleUse } from './sole-use.ts';

/**
 * Starts the modules of the targets in this process. Throws `data-directory-held`, `port-in-use`, `invalid-configuration`, `storage-full`, or
 * `unavailable` when a database or broker does not answer; then nothing was changed but for the data directory being made.
 */
export const startPlatform = async (context: PlatformContext): Promise<RunningModules> => {
  const { platform } = context.configuration;
  const present = modulesOf(platform.target);
  checkSharing(platform, present);
  warnOfPlainText(platform, context.runtime.logger);
  const directory = needsDataDirectory(platform, present) ? await openDataDirectory(platform.dataDir) : null;
  // First the hold on the data directory: nobody but its holder may touch the files in it.
  const release = hold(context, directory);
  let limits: Limits | null = null;
  let shared: Shared | null = null;
  try {
    const keyFiles = keyFilesOf(platform, present, directory);
    limits = await openLimits(context);
    shared = await openShared(context, directory?.path ?? platform.dataDir);
    const { modules, readiness } = await assembleModules({
      ...context,
      ...shared,
      limits,
      present,
      directory,
      keyFiles,
      release,
    });
    return await startModules({ modules, context: context.runtime, readiness });
  } catch (error) {
    await limits?.store?.close();
    await shared?.leases.close();
    await shared?.releaseStore();
    await shared?.bus.close();
    await shared?.storage.close();
    release();
    throw error;
  }
};

const hold = ({ configuration, pid }: PlatformContext, directory: DataDirectory | null): (() => void) => {
  if (directory === null) return () => undefined;
  const held = holdDataDirectory({ url: configuration.platform.storage, dataDirectory: directory.path, pid });
  return () => held.release();
};

/** The store, the bus and the leases on the store: what processes share, where there are several. */
const openShared = async (
  { configuration, runtime, stop }: PlatformContext,
  dataDirectory: string,
): Promise<Shared> => {
  const { platform } = configuration;
  const { clock, logger } = runtime;
  const opened = await openStorage({ url: platform.storage, dataDirectory });
  try {
    const nats = natsOptionsOf(platform, runtime);
    const bus = await openBus({ url: platform.bus, tracing: runtime.tracing, nats });
    logger.info({ storage: opened.description, bus: bus.description }, 'store and bus are open');
    const isSole = opened.shared && !bus.shared;
    const sole = isSole ? await takeSoleUse({ storage: opened, clock, logger, stop }) : null;
    const storage = sole?.storage ?? opened;
    const leases = await openLeases({ storage, clock, logger });
    return { storage, bus, leases, releaseStore: async () => sole?.release() };
  } catch (error) {
    await opened.close();
    throw error;
  }
};
