import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemClock } from '@simfleet/runtime';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { closeCodes } from '../close-codes.ts';
import { exposeCounts, SocketCounts } from '../counts.ts';
import { Heartbeat } from '../heartbeat.ts';
import { limitsOf } from '../limits.ts';
import type { SocketServer, SocketServerOptions } from '../server.ts';
import { Topics } from '../topics.ts';
import { Decisions } from '../upgrade/decisions.ts';
import { handshakeMistake, offeredProtocols } from '../upgrade/handshake.ts';
import { going, refusal, type Refusal } from '../upgrade/refusal.ts';
import { answerUpgrade, writeAnswer } from './answer.ts';
import { Connection } from './connection.ts';
import { listenTo } from './events.ts';
import { createListener, headersOf, listen } from './listen.ts';
import { Outbox, type Receiver } from './outbox.ts';

/** The port on `ws`. Throws `invalid-configuration` for limits out of range. */
export const createWsSocketServer = <Data>(options: SocketServerOptions<Data>): SocketServer => {
  const { handlers, logger, tls, clock = systemClock } = options;
  const limits = limitsOf(options.limits);
  const counts = new SocketCounts();
  if (options.metrics !== undefined) exposeCounts(counts, options.metrics);
  const connections = new Set<Connection<Data>>();
  const heartbeat = new Heartbeat(limits);
  const topics = new Topics<Receiver>();
  const outbox = new Outbox(limits.budgetBytes);
  const protocols = new WeakMap<IncomingMessage, string>();
  const decisions = new Decisions(handlers, limits, logger);
  const following = new AbortController();
  let listener: Server | null = null;
  let opened = 0;
  let stopping: Promise<void> | null = null;
  let emptied: (() => void) | null = null;

  const settings: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    // Frames are built here once for all receivers, which compression for each of them would undo.
    perMessageDeflate: false,
    // Its own would cost a closure a connection, and does not know the budget.
    autoPong: false,
    maxPayload: limits.messageBytes,
    closeTimeout: limits.closeMs,
    handleProtocols: (_offered, request) => protocols.get(request) ?? false,
  };
  const wss = new WebSocketServer(settings);

  const around = listenTo<Data>({
    handlers,
    limits,
    topics,
    outbox,
    counts,
    logger,
    gone(connection) {
      connections.delete(connection);
      heartbeat.remove(connection);
      counts.connections = connections.size;
      if (connections.size === 0) emptied?.();
    },
  });

  const open = (ws: WebSocket, stream: NetSocket, data: Data): void => {
    const connection = new Connection(ws, stream, (opened += 1), data, around.surroundings);
    connections.add(connection);
    heartbeat.add(connection);
    counts.connections = connections.size;
    around.attach(ws, connection);
  };

  const full = (): Refusal | null => {
    if (stopping !== null) return going();
    if (connections.size + decisions.size < limits.connections) return null;
    return refusal('unavailable', 'There are as many connections as this server takes.');
  };

  const upgrade = async (request: IncomingMessage, duplex: Duplex, head: Buffer): Promise<void> => {
    const stream = duplex as NetSocket;
    stream.on('error', destroyThis);
    const headers = headersOf(request);
    const [path = '', ...query] = (request.url ?? '').split('?');
    const refuse = (answer: Refusal): void => {
      counts.refused += 1;
      answerUpgrade(request, stream, answer, limits.closeMs);
    };
    const mistake = handshakeMistake({ method: request.method ?? '', path, headers }) ?? full();
    if (mistake !== null) return refuse(mistake);
    const facts = {
      path,
      query: query.join('?'),
      headers,
      remoteAddress: stream.remoteAddress ?? '',
      protocols: offeredProtocols(headers) ?? [],
    };
    const answer = await decisions.decide(facts);
    if (!answer.accept) return refuse(answer);
    if (stopping !== null) {
      answer.abandoned?.();
      return refuse(going());
    }
    if (answer.protocol !== undefined) protocols.set(request, answer.protocol);
    stream.off('error', destroyThis);
    let isOpen = false;
    // Calls back before it returns, or never: the client has gone.
    wss.handleUpgrade(request, stream, head, (ws) => {
      isOpen = true;
      open(ws, stream, answer.data);
    });
    if (!isOpen) answer.abandoned?.();
  };

  const end = async (server: Server): Promise<void> => {
    const closed = once(server, 'close');
    // The handlers hear of a connection's end a little after the listener does.
    const empty = new Promise<void>((resolve) => {
      emptied = resolve;
    });
    decisions.refuseAll(going());
    server.close();
    server.closeIdleConnections();
    const { code, reason } = closeCodes.serviceRestart;
    for (const connection of connections) connection.close(code, reason);
    const patience = setTimeout(() => {
      for (const connection of connections) connection.terminate();
      server.closeAllConnections();
    }, limits.closeMs);
    await closed;
    if (connections.size > 0) await empty;
    clearTimeout(patience);
    heartbeat.stop();
  };

  return {
    driver: 'ws',
    async start({ host, port }) {
      const certificate = tls && { files: tls, clock, logger, signal: following.signal };
      const server = await createListener(limits, certificate);
      server.on('upgrade', (request, stream, head) => void upgrade(request, stream, head));
      server.on('request', (request, response) => {
        const [path = ''] = (request.url ?? '').split('?');
        counts.refused += 1;
        writeAnswer(
          response,
          handshakeMistake({ method: request.method ?? '', path, headers: headersOf(request) }) ??
            refusal('invalid-request', 'The connection is not to be upgraded.', { status: 400 }),
        );
      });
      const bound = await listen(server, host, port);
      server.on('error', (error) => logger?.error({ err: error }, 'the socket server has a fault'));
      listener = server;
      heartbeat.start();
      const name = host.includes(':') ? `[${host}]` : host;
      return { url: `${tls === undefined ? 'ws' : 'wss'}://${name}:${bound}`, port: bound };
    },
    publish(name, message) {
      const topic = topics.get(name);
      if (topic === undefined) return 0;
      outbox.publish(topic, message);
      return topic.subscribers.size;
    },
    get connections() {
      return connections.size;
    },
    stop() {
      following.abort();
      return (stopping ??= listener === null ? Promise.resolve() : end(listener));
    },
  };
};

function destroyThis(this: Duplex): void {
  this.destroy();
}
