import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the cluster of this machine is: there is one a machine, since its addresses are fixed. Of its API server as root, and of its node. */
export const clusterAddress = '10.98.0.1';
export const clusterPort = 6443;

/** All its files, in the user's cache, so that all clones find the same. */
export const clusterDirectory = (): string =>
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'simfleet', 'cluster');
