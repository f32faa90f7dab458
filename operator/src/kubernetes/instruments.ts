import { Counter, Gauge, Histogram } from '@simfleet/runtime';
import type { Metrics } from '@simfleet/runtime';

/** What the runtime measures; durations are given in milliseconds and shown in seconds. */
export interface Instruments {
  request(verb: string, resource: string, code: string, durationMs: number): void;
  watchRestarted(resource: string, reason: string): void;
  cached(resource: string, objects: number): void;
  round(controller: string, result: 'success' | 'requeue' | 'error', durationMs: number): void;
  waited(controller: string, durationMs: number): void;
  queue(controller: string, depth: number, working: number): void;
  leader(name: string, leading: boolean): void;
  eventsDropped(count: number): void;
}

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Registers the instruments; once a registry. */
export const createInstruments = (metrics: Metrics): Instruments => {
  const registers = [metrics];
  const counter = (name: string, help: string, ...labelNames: string[]): Counter =>
    new Counter({ name: `simfleet_operator_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string, ...labelNames: string[]): Gauge =>
    new Gauge({ name: `simfleet_operator_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string, ...labelNames: string[]): Histogram =>
    new Histogram({ name: `simfleet_operator_${name}`, help, labelNames, registers, buckets: secondsBuckets });

  const requests = counter('api_requests_total', 'Requests to the Kubernetes API', 'verb', 'resource', 'code');
  const requestSeconds = histogram('api_request_seconds', 'Duration of requests to the Kubernetes API', 'verb');
  const restarts = counter('watch_restarts_total', 'Watches that ended and began again', 'resource', 'reason');
  const objects = gauge('cache_objects', 'Objects in the cache', 'resource');
  const rounds = counter('reconcile_total', 'Rounds of reconciling', 'controller', 'result');
  const roundSeconds = histogram('reconcile_seconds', 'Duration of rounds of reconciling', 'controller');
  const waitSeconds = histogram('queue_wait_seconds', 'How long keys waited in the queue', 'controller');
  const depth = gauge('queue_depth', 'Keys in the queue', 'controller');
  const working = gauge('queue_working', 'Keys that are worked on', 'controller');
  const leader = gauge('leader', '1 while this process leads', 'name');
  const dropped = counter('events_dropped_total', 'Kubernetes Events that were not written, to bound their number');

  return {
    request(verb, resource, code, durationMs) {
      requests.inc({ verb, resource, code });
      requestSeconds.observe({ verb }, durationMs / 1000);
    },
    watchRestarted: (resource, reason) => restarts.inc({ resource, reason }),
    cached: (resource, count) => objects.set({ resource }, count),
    round(controller, result, durationMs) {
      rounds.inc({ controller, result });
      roundSeconds.observe({ controller }, durationMs / 1000);
    },
    waited: (controller, durationMs) => waitSeconds.observe({ controller }, durationMs / 1000),
    queue(controller, keys, busy) {
      depth.set({ controller }, keys);
      working.set({ controller }, busy);
    },
    leader: (name, leading) => leader.set({ name }, leading ? 1 : 0),
    eventsDropped: (count) => dropped.inc(count),
  };
};
