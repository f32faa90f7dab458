import type { Bus, Tracing } from '@simfleet/bus';
import { openMemoryBus } from '@simfleet/bus/memory';
import { openNatsBus, type NatsBusOptions } from '@simfleet/bus-nats';
import { driverOf } from './driver.ts';

export interface BusOptions {
  /** `memory:`, `nats://[user:password@|token@]host:port` or `tls://…`. */
  readonly url: string;
  /** Carries trace contexts from who publishes and asks to who handles and answers. Default: none. */
  readonly tracing?: Tracing;
  /** What NATS needs besides. */
  readonly nats?: Omit<NatsBusOptions, 'url' | 'tracing'>;
}

const nats =
  (scheme: string) =>
  (path: string, options: BusOptions): Promise<Bus> =>
    openNatsBus({ ...options.nats, ...traced(options), url: `${scheme}:${path}` });

const traced = ({ tracing }: BusOptions): Pick<BusOptions, 'tracing'> => (tracing === undefined ? {} : { tracing });

const drivers: Readonly<Record<string, (path: string, options: BusOptions) => Promise<Bus>>> = {
  memory: async (_path, options) => openMemoryBus(traced(options)),
  nats: nats('nats'),
  tls: nats('tls'),
};

/** Throws `invalid-configuration` for an unknown driver, and what the driver throws when it cannot open. */
export const openBus = async (options: BusOptions): Promise<Bus> => {
  const { open, path } = driverOf('bus', options.url, drivers);
  return open(path, options);
};
