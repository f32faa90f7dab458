import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** What becomes of a message of the server: how often it goes on. */
export type Passing = (message: string, connection: number) => 0 | 1 | 2;

export interface Relay {
  readonly url: string;
  close(): Promise<void>;
}

/** Stands between watchers and a replica, and passes messages on as it is told: the place for a fault that the platform does not have. */
export const startRelay = async (target: string, pass: Passing): Promise<Relay> => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  let connections = 0;
  server.on('connection', (client) => {
    const connection = connections++;
    const behind = new WebSocket(target, client.protocol);
    const waiting: string[] = [];
    client.on('message', (data) => {
      const text = (data as Buffer).toString();
      if (behind.readyState === WebSocket.OPEN) behind.send(text);
      else waiting.push(text);
    });
    behind.on('open', () => waiting.forEach((text) => behind.send(text)));
    behind.on('message', (data) => {
      const text = (data as Buffer).toString();
      for (let times = pass(text, connection); times > 0; times -= 1) client.send(text);
    });
    behind.on('close', () => client.close());
    behind.on('error', () => client.terminate());
    client.on('close', () => behind.close());
    client.on('error', () => behind.terminate());
  });
  await new Promise<void>((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
