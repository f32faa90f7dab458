import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../k6/scenarios');

/** In the order in which they run. The limiter's first: it submits jobs for a minute, and who submitted before would count. */
const order = ['rate-limiter', 'smoke', 'job-fan-out', 'soak'];

export const scenarioNames = (): readonly string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -'.js'.length))
    .sort((a, b) => order.indexOf(a) - order.indexOf(b));

/**
 * Bounds of a run on one machine, where replicas, database and k6 share the processors. Policies for all that a user or an address does are raised out
 * of the way: here every user has the administrator's token and this machine's address.
 */
export const boundedOnLoopback: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'rate-limiter': { LOAD_RAISE_LIMITS: 'api,addresses', LOAD_CLOCK_SKEW_MS: '2' },
  smoke: {},
  'job-fan-out': { LOAD_RAISE_LIMITS: 'api,addresses' },
  soak: { LOAD_RAISE_LIMITS: 'api,addresses,job-submission', LOAD_DURATION: '90s' },
};
