import { createWsSocketServer } from '@simfleet/sockets/ws';
import { testPlaces } from './protocol/places.ts';
import { testSessions } from './protocol/sessions.ts';
import type { StartSteered } from './protocol/sessions.ts';
import { serveSteered } from './protocol/steered.ts';

const serve: StartSteered = (options) => serveSteered(createWsSocketServer, options);

testSessions('ws', serve);
testPlaces('ws', serve);
