import type { Clock, Logger } from '@simfleet/runtime';
import type { IdempotencyStore } from './store.ts';

const hourMs = 3_600_000;

/** Removes expired records now and every hour from now on; a failed round is logged and the next one tries again. Returns what ends it. */
export const sweepHourly = (services: {
  readonly idempotency: IdempotencyStore | null;
  readonly clock: Clock;
  readonly logger: Logger;
}): (() => void) => {
  const { idempotency, clock, logger } = services;
  let cancel = (): void => undefined;
  let ended = false;
  const round = async (): Promise<void> => {
    try {
      const removed = await idempotency?.sweep();
      if (removed !== undefined && removed > 0) logger.debug({ removed }, 'expired idempotency records removed');
    } catch (error) {
      if (!ended) logger.warn({ err: error }, 'could not remove expired idempotency records');
    }
    if (!ended) cancel = clock.after(hourMs, () => void round());
  };
  void round();
  return () => {
    ended = true;
    cancel();
  };
};
