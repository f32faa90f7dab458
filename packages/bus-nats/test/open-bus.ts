import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Bus } from '@simfleet/bus';
import { openNatsBus, type NatsBusOptions } from '@simfleet/bus-nats';
import type { TestNats } from '@simfleet/testing';

interface Cleaning {
  after(cleanUp: () => Promise<void>): void;
}

/** A bus that is closed after its test. */
export const openBus = async (test: Cleaning, options: NatsBusOptions): Promise<Bus> => {
  const bus = await openNatsBus(options);
  test.after(() => bus.close());
  return bus;
};

/** A connection beside the bus, to look at and to change what the server has. */
export const connected = async (
  test: Cleaning,
  { bareUrl, user, password }: TestNats,
): Promise<{ readonly connection: NatsConnection; readonly manager: JetStreamManager }> => {
  const connection = await connect({ servers: bareUrl, user, pass: password });
  test.after(() => connection.close());
  return { connection, manager: await jetstreamManager(connection) };
};
