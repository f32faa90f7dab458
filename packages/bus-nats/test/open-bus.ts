import type { Bus } from '@simfleet/bus';
import { openNatsBus, type NatsBusOptions } from '@simfleet/bus-nats';

/** A bus that is closed after its test. */
export const openBus = async (
  test: { after(cleanUp: () => Promise<void>): void },
  options: NatsBusOptions,
): Promise<Bus> => {
  const bus = await openNatsBus(options);
  test.after(() => bus.close());
  return bus;
};
