import { after, describe } from 'node:test';
import { testBus } from '@simfleet/bus/contract';
import { openNatsBus } from '@simfleet/bus-nats';
import { natsServer, startNats } from '@simfleet/testing';

const binary = natsServer();
if ('missing' in binary) describe('nats', { skip: binary.missing });
else {
  const { url } = await startNats({ after });
  let buses = 0;
  testBus({
    name: 'nats',
    open: () => openNatsBus({ url, namespace: `t${(buses += 1)}`, backoff: { firstMs: 1, mostMs: 4 } }),
  });
}
