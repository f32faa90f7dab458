import type { Bus } from '@simfleet/bus';
import { openMemoryBus } from '@simfleet/bus/memory';
import { driverOf } from './driver.ts';

export interface BusOptions {
  /** `memory:`. */
  readonly url: string;
}

const drivers: Readonly<Record<string, (path: string) => Promise<Bus>>> = {
  memory: async () => openMemoryBus(),
};

/** Throws `invalid-configuration` for an unknown driver. */
export const openBus = async ({ url }: BusOptions): Promise<Bus> => {
  const { open, path } = driverOf('bus', url, drivers);
  return open(path);
};
