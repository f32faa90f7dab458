import type { TestContext } from 'node:test';
import { createMetrics, createTracing, systemClock } from '@simfleet/runtime';
import { recordingLogger } from '@simfleet/testing';
import { tokenAuthorizer, createHttpServer } from '../src/index.ts';
import type { HttpServerOptions, Route } from '../src/index.ts';

export const token = 'test-token-of-the-administrator-43-letters-';

/** A real server on a free port, stopped with its test. */
export const serving = async (t: TestContext, routes: readonly Route[], given: Partial<HttpServerOptions> = {}) => {
  const log = recordingLogger();
  const server = createHttpServer({
    routes,
    info: { title: 'Test', version: '1.2.3', description: 'For tests.' },
    authorizer: tokenAuthorizer({ administrator: token }),
    readiness: () => Promise.resolve({ ready: true, phase: 'running', modules: [{ name: 'jobs', ready: true }] }),
    logger: log.logger,
    clock: systemClock,
    metrics: createMetrics(),
    tracing: createTracing(),
    idempotency: null,
    ...given,
  });
  const { url, port } = await server.start({ host: '127.0.0.1', port: 0 });
  t.after(() => server.stop());
  /** `fetch` with the token; a plain value as `json` is sent as a body. */
  const call = async (
    path: string,
    { json, ...init }: RequestInit & { readonly json?: unknown } = {},
  ): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${token}`);
    if (json !== undefined) headers.set('content-type', 'application/json');
    return fetch(url + path, { ...init, headers, ...(json === undefined ? {} : { body: JSON.stringify(json) }) });
  };
  return { server, url, port, call, log };
};

export interface ProblemBody {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}
export const problemOf = async (response: Response): Promise<ProblemBody> => (await response.json()) as ProblemBody;
