import { existsSync } from 'node:fs';
import { SimfleetError } from '@simfleet/contracts';
import type { PlatformOptions } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import type { ModuleName } from './modules.ts';
import { isOneOfSeveral } from './sharing.ts';

/** The files that replicas of the API have in common. */
export interface KeyFiles {
  readonly adminToken: string;
  readonly cursorKey: string;
}

/**
 * Whether the process keeps anything in a data directory: shards' tokens, a store in a file, keys that nobody named. A replica of the API
 * whose keys are named needs none.
 */
export const needsDataDirectory = (platform: PlatformOptions, present: ReadonlySet<ModuleName>): boolean =>
  !isOneOfSeveral(platform) ||
  present.has('local-executor') ||
  platform.adminTokenFile === undefined ||
  platform.cursorKeyFile === undefined;

/**
 * Where token and keys are. A named file is made when it is not there, and so is one in the data directory of a whole platform; but a replica of the
 * API that made its own would refuse the tokens and cursors of the others, so it takes what it finds.
 * Throws `invalid-configuration` when there is nothing to take.
 */
export const keyFilesOf = (
  platform: PlatformOptions,
  present: ReadonlySet<ModuleName>,
  directory: DataDirectory | null,
): KeyFiles => {
  const mayMake = !isOneOfSeveral(platform) || !present.has('jobs');
  const fileOf = (option: string, named: string | undefined, own: string | undefined): string => {
    if (named !== undefined) return named;
    if (own !== undefined && (mayMake || existsSync(own))) return own;
    const detail = `--${option}: replicas share this file, and ${own ?? 'a data directory'} is not there: name a file that all of them read (it is made when it is not there)`;
    throw new SimfleetError('invalid-configuration', detail);
  };
  return {
    adminToken: fileOf('admin-token-file', platform.adminTokenFile, directory?.adminToken),
    cursorKey: fileOf('cursor-key-file', platform.cursorKeyFile, directory?.cursorKey),
  };
};
