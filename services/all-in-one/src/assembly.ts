import type { Bus } from '@simfleet/bus';
import type { Leases, Storage } from '@simfleet/storage';
import type { DataDirectory } from './data-directory.ts';
import type { KeyFiles } from './key-files.ts';
import type { Limits } from './limits.ts';
import type { ModuleName } from './modules.ts';
import type { PlatformContext } from './platform-context.ts';

/** What the processes of a platform have in common; one process has it for itself. */
export interface Shared {
  readonly storage: Storage;
  readonly bus: Bus;
  readonly leases: Leases;
  /** Lets the next platform use the store, where there may be one only. */
  readonly releaseStore: () => Promise<void>;
}

export interface Assembly extends PlatformContext, Shared {
  readonly limits: Limits;
  readonly present: ReadonlySet<ModuleName>;
  /** Null where the process keeps nothing of its own. */
  readonly directory: DataDirectory | null;
  readonly keyFiles: KeyFiles;
  /** Gives up the data directory. */
  readonly release: () => void;
}
