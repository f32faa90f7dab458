import type { Charge, LimiterStore } from '@simfleet/rate-limit';
import type { Clock } from '@simfleet/runtime';
import type { Decided } from './limit-headers.ts';

/** Renewals in the life of a lease: two may be lost. */
const renewals = 3;

/** What a lease is renewed by now. Null: its name counts something else, which is not to be touched. */
export type Renewed = (charge: Charge) => Charge | null;

/** Keeps the leases of a request that is under way, and answers what lets go of them. A store that is away is asked again at the next renewal. */
export const holdLeases = (
  store: LimiterStore,
  clock: Pick<Clock, 'after'>,
  decided: readonly Decided[],
  renewed: Renewed,
): (() => void) => {
  const held = decided.filter(({ charge }) => charge.lease !== undefined);
  const ends = held.map(({ charge, decision }) => {
    let lease = charge;
    let stop = (): void => undefined;
    const renewLater = (): void => {
      const { rule } = lease;
      const everyMs = rule.algorithm === 'concurrency' ? rule.leaseMs / renewals : Number.POSITIVE_INFINITY;
      stop = clock.after(everyMs, () => {
        const next = renewed(lease);
        if (next !== null) {
          lease = next;
          attempt(() => store.decideOne(next));
        }
        renewLater();
      });
    };
    renewLater();
    return () => {
      stop();
      attempt(() => store.refund(lease, decision.at));
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
