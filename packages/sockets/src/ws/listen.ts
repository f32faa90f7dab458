import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SimfleetError } from '@simfleet/contracts';
import { serveTls } from '@simfleet/runtime';
import type { ServeTlsOptions } from '@simfleet/runtime';
import type { SocketLimits } from '../server.ts';

/** Connections beyond the limit that are still told so by an HTTP answer; what comes on top is cut off by the kernel's answer alone. */
const spare = 1_000;

/** A certificate, and how its files are followed. */
export type ListenerTls = Omit<ServeTlsOptions, 'server'>;

/**
 * An HTTP server that ends whoever does not get to the end of a request in time, with a certificate that is renewed as its files change. Throws `invalid-configuration`
 * for files that are no certificate.
 */
export const createListener = async (limits: SocketLimits, tls: ListenerTls | undefined): Promise<Server> => {
  const { handshakeMs } = limits;
  const options = {
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs,
    connectionsCheckingInterval: Math.max(10, Math.min(1_000, handshakeMs / 4)),
    keepAlive: false,
  };
  const server = tls === undefined ? createHttpServer(options) : await createSecure(options, handshakeMs, tls);
  server.maxConnections = limits.connections + spare;
  return server;
};

const createSecure = async (
  options: NonNullable<Parameters<typeof createHttpsServer>[0]>,
  handshakeTimeout: number,
  tls: ListenerTls,
): Promise<Server> => {
  const server = createHttpsServer({ ...options, handshakeTimeout });
  await serveTls({ server, ...tls });
  return server;
};

/** Resolves with the port. Throws `port-in-use`, `invalid-configuration`. */
export const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => reject(listenError(cause, host, port));
    server.once('error', failed);
    server.listen({ host, port }, () => {
      server.off('error', failed);
      resolve((server.address() as AddressInfo).port);
    });
  });

const listenError = (cause: NodeJS.ErrnoException, host: string, port: number): SimfleetError =>
  cause.code === 'EADDRINUSE'
    ? new SimfleetError('port-in-use', `Port ${port} of ${host} is in use.`, { cause })
    : new SimfleetError('invalid-configuration', `Nothing can listen on ${host} port ${port}.`, { cause });

/** Names in lower case; repeated ones joined. */
export const headersOf = (request: IncomingMessage): Readonly<Record<string, string>> => {
  const headers = Object.create(null) as Record<string, string>;
  for (const [name, values] of Object.entries(request.headersDistinct)) headers[name] = (values ?? []).join(', ');
  return headers;
};
