import { createMetrics, createTracing, systemClock } from '@simfleet/runtime';
import type { RuntimeContext } from '@simfleet/runtime';
import { silentLogger } from './recording-logger.ts';

/** What a module gets at start: real clock, silent log and metrics of its own unless the test gives others. */
export const runtimeContext = (given: Partial<RuntimeContext> = {}): RuntimeContext => ({
  logger: silentLogger(),
  clock: systemClock,
  metrics: createMetrics(),
  tracing: createTracing(),
  signal: new AbortController().signal,
  ...given,
});
