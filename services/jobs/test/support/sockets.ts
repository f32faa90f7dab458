import type { TestContext } from 'node:test';
import { serverMessage, socketPath } from '@simfleet/contracts';
import { bearerTokenOf, openTokenWatch, problemOf } from '@simfleet/http';
import { serveProtocol } from '@simfleet/sockets';
import type { SocketLimits, SocketServer } from '@simfleet/sockets';
import { createWsSocketServer } from '@simfleet/sockets/ws';
import { openLiveSocket, until } from '@simfleet/testing';
import type { LiveSocket } from '@simfleet/testing';
import type { ToldEvent } from './events.ts';
import { adminToken } from './platform.ts';
import type { Served } from './platform.ts';

export interface Sockets {
  readonly url: string;
  readonly server: SocketServer;
  /** As the administrator, or as who has the token. */
  open(token?: string): Promise<LiveSocket>;
  stop(): Promise<void>;
}

/** A real server of sockets for the platform, as the all-in-one platform puts it together. */
export const serveSockets = async (
  test: TestContext,
  { jobs, authorizer, context }: Pick<Served, 'jobs' | 'authorizer' | 'context'>,
  limits: Partial<SocketLimits> = {},
): Promise<Sockets> => {
  const { clock, logger, metrics } = context;
  const verbs = jobs.openVerbs({ metrics, logger, publish: (topic, message) => server.publish(topic, message) });
  const access = { ...authorizer, ...openTokenWatch({ authorizer, clock, logger }), tokenOf: bearerTokenOf };
  const handlers = serveProtocol({
    ...{ access, admission: null, verbs: verbs.verbs, clock, logger, metrics, describeProblem: problemOf },
  });
  const server = createWsSocketServer({ handlers, limits });
  const { url: origin } = await server.start({ host: '127.0.0.1', port: 0 });
  const url = `${origin}${socketPath}`;
  const stop = async (): Promise<void> => {
    await server.stop();
    verbs.close();
  };
  test.after(stop);
  return { url, server, stop, open: (token = adminToken) => openLiveSocket({ url, token, by: 'header' }) };
};

/** What a watch was told, in the shape of the SSE stream’s. */
export const told = (socket: LiveSocket, jobId: string): readonly ToldEvent[] =>
  socket.events(jobId).map(({ id, ...event }) => ({ id, event: event as unknown as ToldEvent['event'] }));

/** Everything after `after` until the end of the watch; every message as the reference describes it. */
export const watchToEnd = async (
  socket: LiveSocket,
  jobId: string,
  after?: number,
): Promise<{ readonly events: readonly ToldEvent[]; readonly last: number; readonly reason: string }> => {
  const answer = await socket.ask('watch', { job: jobId, ...(after === undefined ? {} : { after }) });
  if ('error' in answer) throw new Error(JSON.stringify(answer.error));
  const end = await socket.end(jobId);
  for (const message of socket.messages) serverMessage.parse(message);
  return { events: told(socket, jobId), ...end };
};

export const atLeast = (socket: LiveSocket, jobId: string, count: number): Promise<unknown> =>
  until(`${count} events`, () => socket.events(jobId).length >= count);
