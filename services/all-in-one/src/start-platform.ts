import { openBus, openStorage } from '@simfleet/wiring';
import { startModules } from '@simfleet/runtime';
import type { RunningModules } from '@simfleet/runtime';
import { assembleModules } from './assemble.ts';
import { openDataDirectory } from './data-directory.ts';
import type { PlatformContext } from './platform-context.ts';

/**
 * Starts every module in one process. Throws `data-directory-held`, `port-in-use`, `invalid-configuration` or `storage-full`; then nothing
 * was changed but for the data directory being made.
 */
export const startPlatform = async (context: PlatformContext): Promise<RunningModules> => {
  const { platform } = context.configuration;
  const directory = await openDataDirectory(platform.dataDir);
  // The store first: with it comes the hold on the data directory, and nobody but its holder may touch the files in it.
  const storage = await openStorage({ url: platform.storage, dataDirectory: directory.path });
  try {
    const bus = await openBus({ url: platform.bus });
    const { modules, readiness } = await assembleModules({ ...context, directory, storage, bus });
    return await startModules({ modules, context: context.runtime, readiness });
  } catch (error) {
    await storage.close();
    throw error;
  }
};
