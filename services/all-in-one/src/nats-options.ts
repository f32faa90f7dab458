import type { RuntimeContext } from '@simfleet/runtime';
import type { BusOptions } from '@simfleet/wiring';
import { busTrouble } from './bus-trouble.ts';
import type { PlatformOptions } from './config.ts';

const dayMs = 86_400_000;

/** A member of that name, unless there is no value. */
const given = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Readonly<Partial<Record<Name, Value>>> =>
  (value === undefined ? {} : { [name]: value }) as Readonly<Partial<Record<Name, Value>>>;

const daysToMs = (days: number | undefined): number | undefined => (days === undefined ? undefined : days * dayMs);

/** What the platform tells a bus on NATS. What it does not say stays as the streams have it. */
export const natsOptionsOf = (platform: PlatformOptions, runtime: RuntimeContext): NonNullable<BusOptions['nats']> => ({
  onTrouble: busTrouble(runtime),
  ...given('monitorUrl', platform.busMonitorUrl),
  ...given('eventsMaxAgeMs', daysToMs(platform.retainEventsDays)),
  ...given('eventsMaxCount', platform.retainEventsCount),
  ...given('deadMaxAgeMs', daysToMs(platform.retainDeadDays)),
  ...given('deadMaxCount', platform.retainDeadCount),
});
