import { jetstream, jetstreamManager, DiscardPolicy, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { TestNats } from '@simfleet/testing';
import { eventOf } from './event.ts';
import { rateOf } from './load.ts';

/** The broker alone: the same events to a stream of the same make, with the driver. */
export const openBarePublish = async ({ bareUrl, user, password }: TestNats) => {
  const connection = await connect({ servers: bareUrl, user, pass: password });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: 'bare',
    subjects: ['bare.>'],
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
  });
  const client = jetstream(connection);
  const encoder = new TextEncoder();
  let runs = 0;
  return {
    rate: (count: number, inFlight: number): Promise<number> => {
      runs += 1;
      const run = runs;
      return rateOf(count, inFlight, async (index) => {
        const id = `b-${run}-${index}`;
        const payload = encoder.encode(JSON.stringify({ ...eventOf(id), sourceversion: 1 }));
        await client.publish('bare.events', payload, { msgID: id, timeout: 20_000 });
      });
    },
    /** What the broker still has to hear of the durable consumers of a stream: 0 when everything is acknowledged. */
    async unacknowledged(stream: string): Promise<number> {
      let left = 0;
      for await (const { num_ack_pending, num_pending } of manager.consumers.list(stream))
        left += num_ack_pending + num_pending;
      return left;
    },
    close: () => connection.close(),
  };
};
