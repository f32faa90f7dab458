import type { Bus } from '@simfleet/bus';
import { openMemoryBus } from '@simfleet/bus/memory';
import { openNatsBus, type NatsBusOptions } from '@simfleet/bus-nats';
import { driverOf } from './driver.ts';

export interface BusOptions {
  /** `memory:`, `nats://[user:password@|token@]host:port` or `tls://…`. */
  readonly url: string;
  /** What NATS needs besides. */
  readonly nats?: Omit<NatsBusOptions, 'url'>;
}

const nats =
  (scheme: string) =>
  (path: string, options: BusOptions): Promise<Bus> =>
    openNatsBus({ ...options.nats, url: `${scheme}:${path}` });

const drivers: Readonly<Record<string, (path: string, options: BusOptions) => Promise<Bus>>> = {
  memory: async () => openMemoryBus(),
  nats: nats('nats'),
  tls: nats('tls'),
};

/** Throws `invalid-configuration` for an unknown driver, and what the driver throws when it cannot open. */
export const openBus = async (options: BusOptions): Promise<Bus> => {
  const { open, path } = driverOf('bus', options.url, drivers);
  return open(path, options);
};
