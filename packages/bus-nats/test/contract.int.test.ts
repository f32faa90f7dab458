import { after, describe } from 'node:test';
import type { Bus } from '@simfleet/bus';
import { testBus } from '@simfleet/bus/contract';
import { openNatsBus } from '@simfleet/bus-nats';
import { natsServer, startNats } from '@simfleet/testing';

const binary = natsServer();
if ('missing' in binary) describe('nats', { skip: binary.missing });
else {
  const { url } = await startNats({ after });
  let buses = 0;
  const open = (namespace = `t${(buses += 1)}`): Promise<Bus> =>
    openNatsBus({ url, namespace, backoff: { firstMs: 1, mostMs: 4 } });
  testBus({
    name: 'nats',
    open: () => open(),
    async shared() {
      const namespace = `t${(buses += 1)}`;
      return Promise.all([open(namespace), open(namespace)]);
    },
  });
}
