import type { Leases } from './leases.ts';
import { openSharedLeases } from './shared-leases.ts';
import type { LeaseOptions } from './shared-leases.ts';
import { openSoleLeases } from './sole-leases.ts';

/**
 * The leases of this process: open them once and hand them to every module. On a shared store the process shows that it lives, twice a second, from
 * now until `close`.
 */
export const openLeases = async (options: LeaseOptions): Promise<Leases> =>
  options.storage.shared ? openSharedLeases(options) : openSoleLeases();
