import type { ServerResponse } from 'node:http';
import type { StoredResponse } from '../idempotency/record.ts';
import type { Answer } from '../routes/route.ts';
import { problemOf } from './problem.ts';

/** An answer as it goes over the wire. */
export const rendered = ({ status, body, headers }: Answer): StoredResponse => ({
  status,
  body: body === undefined ? null : JSON.stringify(body),
  headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
});

export const renderedProblem = (error: unknown, requestId: string): StoredResponse & { readonly fault: boolean } => {
  const { problem, headers, fault } = problemOf(error, requestId);
  return { status: problem.status, headers, body: JSON.stringify(problem), fault };
};

/** Sends a whole answer; nothing when the client has gone or was answered already. */
export const send = (response: ServerResponse, { status, headers, body }: StoredResponse): void => {
  if (response.headersSent || response.destroyed) return;
  const bytes = body === null ? null : Buffer.from(body, 'utf8');
  if (!('cache-control' in headers)) response.setHeader('cache-control', 'no-store');
  if (bytes !== null) response.setHeader('content-length', bytes.length);
  else if (status !== 204 && status !== 304) response.setHeader('content-length', 0);
  // A route may ask for credentials in its own way beside the usual one: a browser needs Basic to ask its user.
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'www-authenticate') response.appendHeader(name, value);
    else response.setHeader(name, value);
  }
  response.writeHead(status);
  response.end(bytes ?? undefined);
};
