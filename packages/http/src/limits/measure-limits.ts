import type { Charge } from '@simfleet/rate-limit';
import { Counter } from '@simfleet/runtime';
import type { Clock, Logger, Metrics } from '@simfleet/runtime';
import { createHotKeys } from './hot-keys.ts';

/** Told of every decision; `shadow` ones refused nothing. */
export type MeasureLimits = (charge: Charge, allowed: boolean, shadow: boolean) => void;

export const measureLimits = (clock: Pick<Clock, 'monotonic'>, metrics: Metrics, logger: Logger): MeasureLimits => {
  const requests = new Counter({
    name: 'simfleet_rate_limit_requests_total',
    help: 'Requests and messages by policy and outcome: admitted, refused, shadow-admitted, shadow-refused (let through, and would have been refused).',
    labelNames: ['policy', 'outcome'] as const,
    registers: [metrics],
  });
  const hot = createHotKeys(clock, metrics, logger);
  return ({ rule, key }, allowed, shadow) => {
    const outcome = `${shadow ? 'shadow-' : ''}${allowed ? 'admitted' : 'refused'}`;
    requests.inc({ policy: rule.name, outcome });
    hot.saw(rule.name, key, !allowed);
  };
};
