import { SimfleetError } from '@simfleet/contracts';
import type { Logger } from '@simfleet/runtime';
import { hostsInTheClear, isForOneProcess } from '@simfleet/wiring';
import type { PlatformOptions } from './config.ts';
import type { ModuleName } from './modules.ts';

/** Whether this is one process of several. */
export const isOneOfSeveral = ({ target }: Pick<PlatformOptions, 'target'>): boolean => !target.includes('all');

/**
 * Several processes need a store and a bus that they share, and an executor that has no API of its own must be told where it is.
 * Throws `invalid-configuration` that says what to give.
 */
export const checkSharing = (platform: PlatformOptions, present: ReadonlySet<ModuleName>): void => {
  const detail = [];
  if (isOneOfSeveral(platform)) {
    if (isForOneProcess(platform.storage))
      detail.push('--storage: several processes need a store that they share: postgres://… or mongodb://…');
    if (isForOneProcess(platform.bus)) detail.push('--bus: several processes need a bus that they share: nats://…');
  }
  if (!present.has('jobs') && platform.apiUrl === undefined)
    detail.push('--api-url: say where shards report to: the address of the jobs service or its load balancer');
  if (detail.length > 0) throw new SimfleetError('invalid-configuration', detail.join('\n'));
};

/** Says what would leave this machine without TLS. */
export const warnOfPlainText = (platform: PlatformOptions, logger: Logger): void => {
  const urls = {
    storage: platform.storage,
    bus: platform.bus,
    'rate-limits': platform.rateLimits,
    'api-url': platform.apiUrl ?? 'memory:',
  };
  for (const [option, url] of Object.entries(urls)) {
    const hosts = hostsInTheClear(url);
    if (hosts.length > 0)
      logger.warn({ option, hosts }, `--${option}: the connection to ${hosts.join(', ')} is not encrypted`);
  }
};
