// `ws` as its README shows a broadcast.
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { steered, subscriberPath } from './steered.ts';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
const subscribers = new Set<WebSocket>();
server.on('connection', (ws, request) => {
  if (request.url === subscriberPath) subscribers.add(ws);
  ws.on('error', console.error);
  ws.on('message', (message: Buffer, binary) => {
    for (const subscriber of subscribers) subscriber.send(message, { binary });
  });
  ws.on('close', () => subscribers.delete(ws));
});
server.on('listening', () => steered(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
