import type { ConfigurationValues, RuntimeContext } from '@simfleet/runtime';
import type { platformParts } from './config.ts';

/** What the platform gets from its process. */
export interface PlatformContext {
  readonly configuration: ConfigurationValues<typeof platformParts>;
  readonly runtime: RuntimeContext;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Ends the process in order, as SIGTERM does. */
  readonly stop: () => void;
  /** Node binary for shard processes. */
  readonly execPath: string;
  readonly pid: number;
}
