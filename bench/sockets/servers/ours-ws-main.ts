import { createWsSocketServer } from '@simfleet/sockets/ws';
import { serveOurs } from './ours.ts';

await serveOurs(createWsSocketServer);
