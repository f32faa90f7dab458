import { after, describe } from 'node:test';
import type { Bus, Tracing } from '@simfleet/bus';
import { testBus } from '@simfleet/bus/contract';
import { openNatsBus } from '@simfleet/bus-nats';
import { natsServer, startNats } from '@simfleet/testing';

const binary = natsServer();
if ('missing' in binary) describe('nats', { skip: binary.missing });
else {
  const { url } = await startNats({ after });
  let buses = 0;
  const open = (tracing: Tracing, namespace = `t${(buses += 1)}`): Promise<Bus> =>
    openNatsBus({ url, namespace, tracing, backoff: { firstMs: 1, mostMs: 4 } });
  testBus({
    name: 'nats',
    open: (tracing) => open(tracing),
    async shared(tracing) {
      const namespace = `t${(buses += 1)}`;
      return Promise.all([open(tracing, namespace), open(tracing, namespace)]);
    },
  });
}
