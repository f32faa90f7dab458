import type { LimiterStore } from '@simfleet/rate-limit';
import type { Clock } from '@simfleet/runtime';
import type { Decided } from './limit-headers.ts';

/** Renewals in the life of a lease: two may be lost. */
const renewals = 3;

/** Keeps the leases of a request that is under way, and answers what lets go of them. A store that is away is asked again at the next renewal. */
export const holdLeases = (
  store: LimiterStore,
  clock: Pick<Clock, 'after'>,
  decided: readonly Decided[],
): (() => void) => {
  const held = decided.filter(({ charge }) => charge.lease !== undefined);
  const ends = held.map(({ charge, decision }) => {
    const { rule } = charge;
    const everyMs = rule.algorithm === 'concurrency' ? rule.leaseMs / renewals : Number.POSITIVE_INFINITY;
    let stop = (): void => undefined;
    const renewLater = (): void => {
      stop = clock.after(everyMs, () => {
        attempt(() => store.decideOne(charge));
        renewLater();
      });
    };
    renewLater();
    return () => {
      stop();
      attempt(() => store.refund(charge, decision.at));
    };
  });
  return () => ends.forEach((end) => end());
};

/** What fails mends itself: a lease that is not renewed or let go of runs out. */
const attempt = (call: () => unknown): void => {
  void Promise.resolve()
    .then(call)
    .catch(() => undefined);
};
