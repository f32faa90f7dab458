import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { Agent, ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { KubernetesError } from '../errors.ts';
import type { CredentialSource, Credentials } from './credentials.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Called in the moment before the request is written to a connection that is ready; what it throws is thrown, and nothing is sent. */
  readonly permit?: () => void;
  /** Read credentials again before. */
  readonly freshCredentials?: boolean;
}

/** Connections to the API server that stay open between requests. */
export interface Connections {
  /** Resolves with the answer when its head is in; the body is the caller's to read or destroy. Throws `Unreachable`. */
  send(exchange: Exchange): Promise<IncomingMessage>;
  /** Closes them all, with what is under way. */
  close(): void;
}

/** A connection that is not there by then is given up. Milliseconds. */
const connectLimitMs = 10_000;
/** The kernel asks a silent peer whether it is there after this time; dead connections are noticed within a few minutes. As client-go. */
const keepAliveMs = 30_000;

/**
 * As many connections as there are requests at a time. Node's own client rather than the one that comes with `@kubernetes/client-node`: that one makes an agent, so a TLS handshake,
 * for every request.
 */
export const openConnections = (source: CredentialSource, userAgent: string): Connections => {
  let current: { readonly agent: Agent; readonly fingerprint: string } | null = null;

  const agentFor = (credentials: Credentials): Agent => {
    if (current !== null && current.fingerprint === credentials.fingerprint) return current.agent;
    retire(current?.agent);
    const options = { keepAlive: true, keepAliveMsecs: keepAliveMs, scheduling: 'lifo' as const };
    const agent =
      source.server.protocol === 'http:' ? new HttpAgent(options) : tlsAgent(new HttpsAgent(options), credentials);
    current = { agent, fingerprint: credentials.fingerprint };
    return agent;
  };

  return {
    async send({ method, path, headers, body, signal, permit, freshCredentials }) {
      const credentials = await source.current(freshCredentials);
      signal.throwIfAborted();
      const sent = httpRequest({
        protocol: source.server.protocol,
        hostname: source.server.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: source.server.port === '' ? (source.server.protocol === 'http:' ? 80 : 443) : source.server.port,
        method,
        path: `${source.server.pathname.replace(/\/$/, '')}${path}`,
        agent: agentFor(credentials),
        headers: {
          accept: 'application/json',
          'user-agent': userAgent,
          ...credentials.headers,
          ...headers,
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
        signal,
      });
      return answerTo(sent, body, permit);
    },
    close() {
      current?.agent.destroy();
      current = null;
    },
  };
};

/** Lets requests under way end and closes what is idle. */
const retire = (agent: Agent | undefined): void => {
  if (agent === undefined) return;
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  agent.on('free', (socket: Duplex) => socket.destroy());
};

/**
 * Hands out sockets only once their handshake is done, so that what is checked when a request gets its socket still holds when its first byte leaves.
 */
const tlsAgent = (agent: HttpsAgent, credentials: Credentials): HttpsAgent => {
  agent.createConnection = (options, callback) => {
    const socket = connectTls({ ...(options as ConnectionOptions), ...credentials.tls });
    const limit = setTimeout(() => socket.destroy(new Error('no connection within 10 s')), connectLimitMs).unref();
    socket.setKeepAlive(true, keepAliveMs);
    const failed = (error: Error): void => {
      clearTimeout(limit);
      callback?.(error, socket);
    };
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      clearTimeout(limit);
      socket.off('error', failed);
      callback?.(null, socket);
    });
    return undefined;
  };
  return agent;
};

/** Nothing is written before the socket is there; then `permit` and the write are one turn. */
const answerTo = (
  sent: ClientRequest,
  body: string | undefined,
  permit: (() => void) | undefined,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    let refusal: unknown;
    const fail = (error: Error): void => {
      if (refusal instanceof Error) return reject(refusal);
      if (error.name === 'AbortError') return reject(error);
      reject(
        new KubernetesError('Unreachable', `no answer from the Kubernetes API: ${error.message}`, { cause: error }),
      );
    };
    const write = (): void => {
      try {
        permit?.();
      } catch (error) {
        refusal = error;
        sent.destroy();
        return;
      }
      sent.end(body);
    };
    sent.on('error', fail);
    sent.on('response', resolve);
    sent.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', write);
      else write();
    });
  });
