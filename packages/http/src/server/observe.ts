import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '@simfleet/contracts';
import { Gauge, Histogram } from '@simfleet/runtime';
import type { Clock, Logger, Metrics } from '@simfleet/runtime';

/** Follows each request from its first byte to its last, for the log and the metrics. */
export interface RequestObserver {
  begin(request: IncomingMessage, response: ServerResponse, ids: RequestIds): ObservedRequest;
}

/** What its log line is found by; `spanId` is the parent id of what it causes. */
export interface RequestIds {
  readonly requestId: string;
  readonly traceId: string;
  readonly spanId: string;
}

export interface ObservedRequest {
  /** Template of the path (`/v1/jobs/:id`): a label of few values. */
  route: string;
  principal: Principal | null;
}

/** Seconds; from a cached read to a slow report. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const createRequestObserver = (logger: Logger, clock: Clock, metrics: Metrics): RequestObserver => {
  const duration = new Histogram({
    name: 'simfleet_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets,
    registers: [metrics],
  });
  const open = new Gauge({
    name: 'simfleet_http_requests_open',
    help: 'Requests under way, streams among them.',
    registers: [metrics],
  });
  return {
    begin(request, response, ids) {
      const observed: ObservedRequest = { route: 'unknown', principal: null };
      const began = clock.monotonic();
      open.inc();
      response.once('close', () => {
        open.dec();
        const ms = clock.monotonic() - began;
        const status = response.writableFinished ? String(response.statusCode) : 'aborted';
        duration.observe({ method: request.method ?? '', route: observed.route, status }, ms / 1000);
        logger[levelOf(observed.route, response.statusCode)](
          {
            ...ids,
            method: request.method,
            route: observed.route,
            url: loggedUrl(request.url ?? ''),
            status,
            ms: Math.round(ms * 10) / 10,
            ...(observed.principal === null ? {} : { principal: observed.principal.id }),
          },
          'request',
        );
      });
      return observed;
    },
  };
};

/** Probes and scrapes come every few seconds, for ever; reports come by the thousand. */
const quietRoutes = new Set(['/healthz', '/readyz', '/metrics', '/v1/jobs/:id/reports']);

const levelOf = (route: string, status: number): 'debug' | 'info' =>
  quietRoutes.has(route) && status < 400 ? 'debug' : 'info';

/** Without cursors, which are long and say nothing, and cut to a length that fits a log. */
const loggedUrl = (url: string): string => url.replaceAll(/([?&]cursor=)[^&]*/g, '$1…').slice(0, 512);
