import { SimfleetError } from '@simfleet/contracts';
import type { Charge, ConcurrencyRule, Decision, LimiterStore, Rule } from '@simfleet/rate-limit';
import type { Logger } from '@simfleet/runtime';
import { enforced, keyOf } from './quota-source.ts';
import type { Quota } from './quota-source.ts';

/** A unit of a customer's quotas, held by a job under its id. */
export interface HeldUnits {
  /** Takes one of each, or none: answers the quotas that are in the way. Taking again what is held renews it. */
  take(quotas: readonly Quota<ConcurrencyRule>[], customer: string, jobId: string): Promise<readonly Refused[]>;
  /** Writes down, whatever the limit, what the records say is held. Never throws. */
  renew(quotas: readonly Quota<ConcurrencyRule>[], customer: string, jobId: string): Promise<void>;
  /** Never throws: what cannot be given back runs out by itself. */
  giveBack(quotas: readonly Quota<ConcurrencyRule>[], customer: string, jobId: string): Promise<void>;
}

export interface Refused {
  readonly rule: Rule;
  readonly decision: Decision;
}

/** A quota in shadow refused what was let through. */
export type OnShadowed = (rule: Rule) => void;

export interface HeldUnitsParts {
  readonly store: LimiterStore;
  readonly onShadowed: OnShadowed;
  readonly logger: Logger;
}

export const openHeldUnits = ({ store, onShadowed, logger }: HeldUnitsParts): HeldUnits => {
  const quietly = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      logger.debug({ err: error }, what);
    }
  };
  const chargesOf = (quotas: readonly Quota<ConcurrencyRule>[], customer: string, lease: string, force: boolean) =>
    quotas.map(({ rule }): Charge => ({ rule, key: keyOf(customer), lease, ...(force ? { force } : {}) }));

  return {
    take: (quotas, customer, jobId) =>
      decideAll(store, quotas, (rule) => ({ rule, key: keyOf(customer), lease: jobId }), onShadowed),
    renew: (quotas, customer, jobId) =>
      quietly('what a job holds of a quota was not renewed', async () => {
        if (quotas.length > 0) await store.decide(chargesOf(quotas, customer, jobId, true));
      }),
    giveBack: (quotas, customer, jobId) =>
      quietly('what a job held of a quota runs out by itself', async () => {
        for (const charge of chargesOf(quotas, customer, jobId, false)) await store.refund(charge, 0);
      }),
  };
};

/** Charges all of them or none, in one step of the store; those in shadow are charged in any case. Answers what is in the way. */
export const decideAll = async <Its extends Rule>(
  store: LimiterStore,
  quotas: readonly Quota<Its>[],
  chargeOf: (rule: Its) => Charge,
  onShadowed: OnShadowed,
): Promise<readonly Refused[]> => {
  const rules = enforced(quotas);
  const decisions = rules.length === 0 ? [] : await store.decide(rules.map(chargeOf));
  const refused = rules.flatMap((rule, index): Refused[] => {
    const decision = decisions[index];
    return decision === undefined || decision.allowed ? [] : [{ rule, decision }];
  });
  if (refused.length === 0) await chargeInShadow(store, quotas, chargeOf, onShadowed);
  return refused;
};

const chargeInShadow = async <Its extends Rule>(
  store: LimiterStore,
  quotas: readonly Quota<Its>[],
  chargeOf: (rule: Its) => Charge,
  onShadowed: OnShadowed,
): Promise<void> => {
  for (const { rule, shadow } of quotas) {
    if (!shadow) continue;
    const charge = chargeOf(rule);
    if (!(await store.peek(charge)).allowed) onShadowed(rule);
    await store.decideOne({ ...charge, force: true });
  }
};

/** The refusal as an error, for a request. */
export const quotaExceeded = (refused: readonly Refused[], detail: string): SimfleetError => {
  const waits = refused.map(({ decision }) => decision.retryAfterMs);
  const known = waits.filter((wait) => wait !== null);
  return new SimfleetError('quota-exceeded', detail, {
    refusal: {
      policies: refused.map(({ rule }) => rule.name),
      retryAfterMs: known.length === waits.length ? Math.max(0, ...known) : null,
    },
  });
};
