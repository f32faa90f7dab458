import type { StreamInfo } from '@nats-io/jetstream';
import { millis } from '@nats-io/transport-node';
import type { Delivery } from './delivery.ts';

/** What the stream tells of itself. */
interface Limits {
  readonly config: Pick<StreamInfo['config'], 'max_age' | 'max_msgs'>;
  readonly state: Pick<StreamInfo['state'], 'last_seq'>;
}

/**
 * Why the oldest event that is not handled may soon be dropped: it is more than half way to the age or the count at which the stream drops
 * events. Null while there is no such danger. `now`: milliseconds since 1970.
 */
export const dangerOf = (
  oldest: Pick<Delivery, 'sequence' | 'storedAt'>,
  { config, state }: Limits,
  now: number,
): string | null => {
  const dangers: string[] = [];
  const keptMs = millis(config.max_age);
  const ageMs = Math.round(now - oldest.storedAt);
  if (keptMs > 0 && ageMs > keptMs / 2) dangers.push(`it is ${ageMs} ms behind and events are kept for ${keptMs} ms`);
  const behind = state.last_seq - oldest.sequence;
  if (config.max_msgs > 0 && behind > config.max_msgs / 2)
    dangers.push(`it is ${behind} events behind and the newest ${config.max_msgs} are kept`);
  return dangers.length === 0 ? null : dangers.join('; ');
};
