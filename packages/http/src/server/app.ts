import type { IncomingMessage, ServerResponse } from 'node:http';
import { SimfleetError, traceParts } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import { openTokenWatch } from '../access/token-watch.ts';
import { renderedProblem, send } from '../answer/send.ts';
import { requestIdOf } from '../request/request-id.ts';
import { traceOfRequest } from '../request/trace.ts';
import { mountRoutes } from '../routes/mount.ts';
import type { Route } from '../routes/route.ts';
import { runRoute } from '../routes/run-route.ts';
import type { RouteServices } from '../routes/run-route.ts';
import type { StreamLimits } from '../sse/stream-events.ts';
import { documentationRoutes } from './documentation.ts';
import { healthRoutes } from './health.ts';
import { createRequestObserver } from './observe.ts';
import type { ObservedRequest } from './observe.ts';
import type { OpenRequests } from './open-requests.ts';
import type { HttpServerOptions } from './options.ts';

/** What travels with a request through express; written before the routes see it. */
interface Locals {
  requestId: string;
  traceId: string;
  observed: ObservedRequest;
}

/** The express application: frame, documentation, health, routes, problems. */
export const createApp = (options: HttpServerOptions, stream: StreamLimits, open: OpenRequests): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.set('query parser', false);
  app.set('env', 'production');
  const tokenWatch = options.tokenWatch ?? openTokenWatch(options);
  const services: RouteServices = { ...options, tokenWatch, stream };
  const problems = problemAnswerer(options);
  const run = (route: Route, request: Request, response: Response): void => {
    const { requestId, traceId, observed } = response.locals as Locals;
    observed.route = route.path.replaceAll('\\', '');
    const streams = Object.values(route.responses).some(({ contentType }) => contentType === 'text/event-stream');
    const exchange = {
      request,
      response,
      url: request.originalUrl,
      params: request.params,
      requestId,
      logger: options.logger.child({ requestId, traceId }),
      signal: open.add(response, streams),
      seen: (principal: Principal) => {
        observed.principal = principal;
      },
    };
    runRoute(route, services, exchange).catch((error: unknown) => problems(error, response));
  };
  app.use(frame(options));
  app.use(documentationRoutes(options));
  mountRoutes(app, [...healthRoutes(options), ...options.routes], run);
  app.use((request) => {
    throw new SimfleetError('not-found', `there is nothing at ${request.path}`);
  });
  // Express knows an error handler by its four parameters.
  const onError: ErrorRequestHandler = (error: unknown, _request, response, _next) => problems(error, response);
  app.use(onError);
  return app;
};

/** Every request is part of a trace; every answer has a request id and the headers that keep browsers from guessing; nothing here is for other origins. */
const frame = ({ logger, clock, metrics, tracing }: HttpServerOptions): RequestHandler => {
  const observer = createRequestObserver(logger, clock, metrics);
  return (request: IncomingMessage, response: ServerResponse & { locals: object }, next) => {
    const requestId = requestIdOf(request.headers['x-request-id']);
    response.setHeader('x-request-id', requestId);
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    const trace = traceOfRequest(request.headers);
    const { traceId, parentId: spanId } = traceParts(trace);
    const observed = observer.begin(request, response, { requestId, traceId, spanId });
    response.locals = { requestId, traceId, observed } satisfies Locals;
    tracing.within(trace, next);
  };
};

/** Answers an error, and logs it once if the fault is ours. */
const problemAnswerer =
  ({ logger }: HttpServerOptions) =>
  (error: unknown, response: Response): void => {
    const { requestId, traceId } = response.locals as Locals;
    const { fault, ...problem } = renderedProblem(known(error), requestId);
    if (fault) logger.error({ requestId, traceId, err: error }, 'a request failed');
    if (response.headersSent) response.destroy();
    else send(response, problem);
  };

/** Express throws URIError-like errors for paths that are no valid percent-encoding: there is nothing at such a path. */
const known = (error: unknown): unknown =>
  error instanceof URIError || (error instanceof Error && 'status' in error && error.status === 400)
    ? new SimfleetError('not-found', 'the path is not valid percent-encoding', { cause: error })
    : error;
