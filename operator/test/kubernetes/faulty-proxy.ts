import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TestControlPlane } from '@simfleet/testing';

/** What to answer instead of the API server. */
export interface Fault {
  readonly matches: (method: string, url: string) => boolean;
  /** How many requests; one by default. */
  readonly times?: number;
  readonly status: number;
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Let the API server do it and lose its answer: the client sees a reset. */
  readonly afterwards?: boolean;
}

/** Stands between a client and the API server: real connections, TLS, and faults on demand. */
export interface FaultyProxy {
  readonly kubeconfig: string;
  /** Resets (RST) every connection. */
  cut(): void;
  /** From now on no open connection carries a byte to the client, nor is closed; new ones work. */
  deafen(): void;
  /** Ends every watch as the API server ends one. */
  endWatches(): void;
  plant(fault: Fault): void;
  /** Every request that came, as `GET /api/…`. */
  readonly requests: readonly string[];
  /** Open watches that are not deaf. */
  readonly watches: number;
}

interface Connection {
  readonly socket: Socket;
  deaf: boolean;
}

/** Shows the certificate of the API server itself: it is good for 127.0.0.1 on any port. */
export const startFaultyProxy = async (test: TestContext, plane: TestControlPlane): Promise<FaultyProxy> => {
  const connections = new Map<Socket, Connection>();
  const watches = new Map<ServerResponse, Connection>();
  const faults: { fault: Fault; left: number }[] = [];
  const requests: string[] = [];
  const agent = new Agent({ keepAlive: true, ca: readFileSync(plane.caFile) });
  const file = (name: string): Buffer => readFileSync(join(dirname(plane.caFile), name));
  const options = { cert: file('server.crt'), key: file('server.key') };

  const forward = (asked: IncomingMessage, answer: ServerResponse, connection: Connection, lose: boolean): void => {
    const { method = 'GET', url = '/' } = asked;
    const on = request(new URL(url, plane.url), { method, agent, headers: { ...asked.headers, host: '127.0.0.1' } });
    on.on('error', () => connection.socket.resetAndDestroy());
    on.on('response', (got) => {
      const carry = (): boolean => !connection.deaf && !answer.destroyed && !answer.writableEnded;
      if (lose) return void got.resume().on('end', () => connection.socket.resetAndDestroy());
      if (carry()) answer.writeHead(got.statusCode ?? 500, got.headers).flushHeaders();
      got.on('data', (chunk: Buffer) => void (carry() && answer.write(chunk)));
      got.on('end', () => void (carry() && answer.end()));
      got.on('error', () => connection.socket.resetAndDestroy());
    });
    answer.on('close', () => on.destroy());
    asked.pipe(on);
  };

  const server = createServer(options, (asked, answer) => {
    const { method = 'GET', url = '/' } = asked;
    requests.push(`${method} ${url}`);
    const connection = connectionOf(asked.socket);
    if (url.includes('watch=true')) {
      watches.set(answer, connection);
      answer.on('close', () => watches.delete(answer));
    }
    const planted = faults.find(({ fault, left }) => left > 0 && fault.matches(method, url));
    if (planted === undefined) return forward(asked, answer, connection, false);
    planted.left -= 1;
    const { status, headers, body, afterwards = false } = planted.fault;
    if (afterwards) return forward(asked, answer, connection, true);
    answer.writeHead(status, { 'content-type': 'application/json', ...headers });
    answer.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  // Requests know their TLS socket, which wraps the one below; both are told apart by the port of the client.
  const connectionOf = ({ remotePort }: Socket): Connection => {
    const found = [...connections.values()].find(({ socket }) => socket.remotePort === remotePort);
    if (found === undefined) throw new Error('a request without a connection');
    return found;
  };
  server.on('connection', (socket: Socket) => {
    connections.set(socket, { socket, deaf: false });
    socket.on('error', () => undefined);
    socket.on('close', () => connections.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  test.after(() => {
    for (const { socket } of connections.values()) socket.destroy();
    agent.destroy();
    server.close();
  });

  const kubeconfig = join(plane.directory, `proxied-${port}.kubeconfig`);
  const original = readFileSync(plane.kubeconfig, 'utf8');
  writeFileSync(kubeconfig, original.replaceAll(plane.url, `https://127.0.0.1:${port}`), { mode: 0o600 });

  return {
    kubeconfig,
    cut() {
      for (const { socket } of connections.values()) socket.resetAndDestroy();
    },
    deafen() {
      for (const connection of connections.values()) connection.deaf = true;
    },
    endWatches() {
      for (const answer of watches.keys()) answer.end();
    },
    plant(fault) {
      faults.push({ fault, left: fault.times ?? 1 });
    },
    requests,
    get watches() {
      return [...watches.values()].filter(({ deaf }) => !deaf).length;
    },
  };
};
