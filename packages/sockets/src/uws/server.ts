import { SimfleetError } from '@simfleet/contracts';
import { readTlsPair } from '@simfleet/runtime';
import { closeCodes, type CloseVerdict } from '../close-codes.ts';
import { exposeCounts, SocketCounts } from '../counts.ts';
import { Heartbeat } from '../heartbeat.ts';
import { limitsOf } from '../limits.ts';
import type { CreateSocketServer, SocketServer, SocketServerOptions } from '../server.ts';
import { Topics } from '../topics.ts';
import { Decisions } from '../upgrade/decisions.ts';
import { handshakeMistake, offeredProtocols } from '../upgrade/handshake.ts';
import { going, refusal, type Refusal } from '../upgrade/refusal.ts';
import { writeAnswer } from './answer.ts';
import { Connection, type Overflowing, type Surroundings } from './connection.ts';
import type { Uws, UwsApp, UwsRequest, UwsResponse } from './module.ts';
import { Published } from './published.ts';
import { verdictOf } from './verdict.ts';

interface Attached<Data> {
  connection: Connection<Data>;
}

/** LIBUS_LISTEN_EXCLUSIVE_PORT: a port that somebody else has is refused instead of shared. */
const exclusivePort = 1;

/** The port on uWebSockets.js. */
export const uwsSocketServers =
  (uws: Uws): CreateSocketServer =>
  (options) =>
    createUwsSocketServer(uws, options);

const createUwsSocketServer = <Data>(uws: Uws, options: SocketServerOptions<Data>): SocketServer => {
  const { handlers, logger, tls } = options;
  const limits = limitsOf(options.limits);
  const counts = new SocketCounts();
  if (options.metrics !== undefined) exposeCounts(counts, options.metrics);
  const connections = new Set<Connection<Data>>();
  const heartbeat = new Heartbeat(limits);
  const topics = new Topics<Overflowing>();
  const published = new Published(limits.budgetBytes);
  const around: Surroundings = { limits, counts, topics, isFresh: (topic) => published.isFresh(topic) };
  const decisions = new Decisions(handlers, limits, logger);
  let app: UwsApp | null = null;
  let listening: unknown = null;
  let numbers = 0;
  let stopping: Promise<void> | null = null;

  const guarded = (connection: Connection<Data>, run: () => void): void => {
    try {
      run();
    } catch (error) {
      logger?.error({ err: error, socket: connection.id }, 'a handler of sockets has failed');
      connection.close(closeCodes.internal.code, closeCodes.internal.reason);
    }
  };

  const closed = (connection: Connection<Data>, { code, reason }: CloseVerdict, byServer: boolean): void => {
    connections.delete(connection);
    heartbeat.remove(connection);
    counts.connections = connections.size;
    counts.closed(code, byServer);
    // The native handler runs within the call that closes; ours does not.
    queueMicrotask(() => guarded(connection, () => handlers.close(connection, code, reason)));
  };

  const full = (): Refusal | null => {
    if (stopping !== null) return going();
    if (connections.size + decisions.size < limits.connections) return null;
    return refusal('unavailable', 'There are as many connections as this server takes.');
  };

  const upgrade = async (response: UwsResponse, request: UwsRequest, context: unknown): Promise<void> => {
    let aborted = false;
    response.onAborted(() => {
      aborted = true;
    });
    const headers = headersOf(request);
    const path = request.getUrl();
    const query = request.getQuery() ?? '';
    const remoteAddress = Buffer.from(response.getRemoteAddressAsText()).toString();
    const refuse = (answer: Refusal): void => {
      counts.refused += 1;
      if (!aborted) writeAnswer(response, answer);
    };
    const mistake = handshakeMistake({ method: request.getMethod().toUpperCase(), path, headers }) ?? full();
    if (mistake !== null) return refuse(mistake);
    const facts = { path, query, headers, remoteAddress, protocols: offeredProtocols(headers) ?? [] };
    const answer = await decisions.decide(facts);
    if (!answer.accept) return refuse(answer);
    if (aborted || stopping !== null) {
      answer.abandoned?.();
      return refuse(going());
    }
    const connection = new Connection(++numbers, answer.data, remoteAddress, around);
    response.cork(() =>
      response.upgrade({ connection }, headers['sec-websocket-key'] ?? '', answer.protocol ?? '', '', context),
    );
  };

  const serve = (on: UwsApp): void => {
    on.ws<Attached<Data>>('/*', {
      compression: uws.DISABLED,
      maxPayloadLength: limits.messageBytes,
      // The budget is kept before this; here a socket is cut off that outgrew it within one turn.
      maxBackpressure: 2 * limits.budgetBytes,
      closeOnBackpressureLimit: true,
      idleTimeout: idleSeconds(limits.pingMs + limits.pongMs),
      sendPingsAutomatically: false,
      upgrade: (response, request, context) => void upgrade(response, request, context),
      open(ws) {
        const { connection } = ws;
        connection.opened(ws);
        connections.add(connection);
        heartbeat.add(connection);
        counts.connections = connections.size;
        guarded(connection, () => handlers.open(connection));
      },
      message({ connection }, message, isBinary) {
        connection.heard();
        counts.messagesReceived += 1;
        counts.bytesReceived += message.byteLength;
        if (connection.isClosing) return;
        const bytes = Buffer.from(message);
        // The bytes are the library's again when this returns.
        guarded(connection, () => handlers.message(connection, isBinary ? Buffer.from(bytes) : bytes.toString()));
      },
      drain({ connection }) {
        if (!connection.waited || connection.waitingBytes > 0) return;
        connection.waited = false;
        guarded(connection, () => handlers.drain(connection));
      },
      ping: ({ connection }) => connection.heard(),
      pong: ({ connection }) => connection.heard(),
      close({ connection }, code, message) {
        const ours = connection.ended();
        closed(connection, ours ?? verdictOf(code, Buffer.from(message).toString()), ours !== null);
      },
    });
    on.any('/*', (response, request) => {
      response.onAborted(() => undefined);
      counts.refused += 1;
      const facts = { method: request.getMethod().toUpperCase(), path: request.getUrl(), headers: headersOf(request) };
      writeAnswer(
        response,
        handshakeMistake(facts) ?? refusal('invalid-request', 'The connection is not to be upgraded.', { status: 400 }),
      );
    });
  };

  const end = async (): Promise<void> => {
    uws.us_listen_socket_close(listening);
    const { code, reason } = closeCodes.serviceRestart;
    let waiting = decisions.size;
    decisions.refuseAll(going());
    for (const connection of connections) {
      waiting += connection.waitingBytes;
      connection.close(code, reason);
    }
    heartbeat.stop();
    // A socket that is closing is out of sight here. Those that have read everything are done; others get the time to.
    await new Promise((resolve) => setTimeout(resolve, waiting > 0 ? limits.closeMs : 0));
    app?.close?.();
  };

  return {
    driver: 'uws',
    async start({ host, port }) {
      // It would start without a certificate and fail every handshake.
      if (tls !== undefined) await readTlsPair(tls);
      app = tls === undefined ? uws.App() : uws.SSLApp({ cert_file_name: tls.certFile, key_file_name: tls.keyFile });
      serve(app);
      listening = await listen(app, host, port);
      const bound = uws.us_socket_local_port(listening);
      heartbeat.start();
      const name = host.includes(':') ? `[${host}]` : host;
      return { url: `${tls === undefined ? 'ws' : 'wss'}://${name}:${bound}`, port: bound };
    },
    publish(name, message) {
      const topic = topics.get(name);
      if (topic === undefined || app === null) return 0;
      const text = typeof message === 'string';
      const bytes = text ? Buffer.byteLength(message) : message.byteLength;
      const { size } = topic.subscribers;
      counts.messagesSent += size;
      counts.bytesSent += size * bytes;
      app.publish(name, message, !text, false);
      published.add(topic, bytes);
      return size;
    },
    get connections() {
      return connections.size;
    },
    stop: () => (stopping ??= listening === null ? Promise.resolve() : end()),
  };
};

const headersOf = (request: UwsRequest): Readonly<Record<string, string>> => {
  const headers = Object.create(null) as Record<string, string>;
  request.forEach((name, value) => {
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  });
  return headers;
};

/** Later than any heartbeat of ours, for what is beyond its reach: a closing socket whose client reads a little now and then. */
const idleSeconds = (ms: number): number => Math.min(960, Math.max(8, Math.ceil(ms / 1000) + 4));

const listen = (app: UwsApp, host: string, port: number): Promise<unknown> =>
  new Promise((resolve, reject) => {
    app.listen(host, port, exclusivePort, (token) => {
      if (token) resolve(token);
      else reject(new SimfleetError('port-in-use', `Port ${port} of ${host} is in use, or not to be had.`));
    });
  });
