import { Registry, collectDefaultMetrics } from 'prom-client';

export { Counter, Gauge, Histogram } from 'prom-client';

/** Prometheus registry of the process; modules create their instruments on it, named `simfleet_…` with base units. */
export type Metrics = Registry;

/**
 * A fresh registry. With `process: true` it also carries prom-client's default metrics of this process (CPU, memory, event loop,
 * garbage collection); a test leaves them out.
 */
export const createMetrics = ({ process = false }: { readonly process?: boolean } = {}): Metrics => {
  const registry = new Registry();
  if (process) collectDefaultMetrics({ register: registry });
  return registry;
};
