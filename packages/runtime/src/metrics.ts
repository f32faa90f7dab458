import type { Registry } from 'prom-client';

/** Prometheus registry of the process; modules create their instruments on it, named `simfleet_…` with base units. */
export type Metrics = Registry;
