import { openBus, openStorage } from '@simfleet/wiring';
import { startModules } from '@simfleet/runtime';
import type { ConfigurationValues, RunningModules, RuntimeContext } from '@simfleet/runtime';
import { assembleModules } from './assemble.ts';
import type { platformParts } from './config.ts';
import { openDataDirectory } from './data-directory.ts';

export interface PlatformContext {
  readonly configuration: ConfigurationValues<typeof platformParts>;
  readonly runtime: RuntimeContext;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Node binary for shard processes. */
  readonly execPath: string;
  readonly pid: number;
}

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
