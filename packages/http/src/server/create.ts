import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SimfleetError } from '@simfleet/contracts';
import { serveTls } from '@simfleet/runtime';
import { defaultStreamLimits } from '../sse/stream-events.ts';
import { createApp } from './app.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { drain, listen } from './listen.ts';
import { sweepHourly } from '../idempotency/sweep-hourly.ts';
import { createOpenRequests } from './open-requests.ts';
import type { HttpServer, HttpServerOptions, ServerLimits } from './options.ts';

const defaultLimits: ServerLimits = { stream: defaultStreamLimits, requestMs: 60_000, drainMs: 10_000 };

/** An HTTP/1.1 server, over TLS if it is given a certificate, of routes, their documentation, health and metrics. Nothing happens before `start`. */
export const createHttpServer = (options: HttpServerOptions): HttpServer => {
  const limits = { ...defaultLimits, ...options.limits };
  const open = createOpenRequests();
  const app = createApp(options, limits.stream, open);
  const answer: RequestListener = (request, response) => {
    response.once('close', () => {
      if (stopped !== undefined) server.closeIdleConnections();
    });
    app(request, response);
  };
  const { tls, clock, logger } = options;
  const times = { requestTimeout: limits.requestMs };
  const secure = tls === undefined ? null : { files: tls, server: createHttpsServer(times, answer) };
  const server = secure?.server ?? createServer(times, answer);
  const ending = new AbortController();
  server.on('clientError', answerBrokenRequest);
  let stopped: Promise<void> | undefined;
  let endSweeps = (): void => undefined;
  const stop = async (): Promise<void> => {
    endSweeps();
    ending.abort();
    await drain(server, open, options.clock, limits.drainMs);
  };
  return {
    async start({ host, port }) {
      if (stopped !== undefined) throw new SimfleetError('unavailable', 'the HTTP server was stopped');
      if (secure !== null) await serveTls({ ...secure, clock, logger, signal: ending.signal });
      await listen(server, host, port);
      const address = server.address() as AddressInfo;
      const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      options.logger.info({ host: address.address, port: address.port }, 'listening');
      endSweeps = sweepHourly(options);
      return { url: `${secure === null ? 'http' : 'https'}://${shown}:${address.port}`, port: address.port };
    },
    stop: () => (stopped ??= stop()),
  };
};
