import type { GuardOptions, LimiterStore } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import type { MemoryLimiterOptions } from '@simfleet/rate-limit/memory';
import { openRedisLimiterStore } from '@simfleet/rate-limit/redis';
import { driverOf } from './driver.ts';

export interface LimiterOptions {
  /** `memory:`, `redis://[user:password@]host:port[/database]` or `rediss://…` (TLS); several hosts are a cluster; `redis+sentinel://…/name` or `rediss+sentinel://…`. */
  readonly url: string;
  /** Milliseconds within which a server answers, or is taken for lost. */
  readonly timeoutMs: number;
  readonly clock: MemoryLimiterOptions['clock'];
  /** Told when a server goes and when it is back; absent: nobody is, for a guard before the store tells it. */
  readonly logger?: GuardOptions['logger'];
  /** Keys that memory remembers. Default 1,000,000. */
  readonly maxKeys?: number;
}

type Open = (path: string, options: LimiterOptions) => LimiterStore | Promise<LimiterStore>;

const redis: Open = (_path, { url, timeoutMs, logger }) =>
  openRedisLimiterStore({ url, timeoutMs, ...(logger === undefined ? {} : { logger }) });

const drivers: Readonly<Record<string, Open>> = {
  memory: (_path, { clock, maxKeys }) =>
    openMemoryLimiterStore({ clock, ...(maxKeys === undefined ? {} : { maxKeys }) }),
  redis,
  rediss: redis,
  'redis+sentinel': redis,
  'rediss+sentinel': redis,
};

/**
 * Where limits are counted. A server that is away does not keep it from opening: it connects once the server is there, and throws `unavailable` until then.
 * Throws `invalid-configuration` for an unknown driver, or a URL that its driver cannot use.
 */
export const openLimiterStore = async (options: LimiterOptions): Promise<LimiterStore> => {
  const { open, path } = driverOf('rate limit', options.url, drivers);
  return open(path, options);
};
