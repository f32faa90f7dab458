import { serveFixture, testSocketServer } from '@simfleet/sockets/contract';
import { createWsSocketServer } from '@simfleet/sockets/ws';

testSocketServer({
  name: 'ws',
  start: (options) => serveFixture(createWsSocketServer, options),
  traits: { explainsViolations: true, refusesUnmasked: true, closeMs: null, handshakeMs: null },
});
