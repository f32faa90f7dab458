import type { Charge, Decision, LimiterStore, Soon } from '@simfleet/rate-limit';
import type { Decided } from './limit-headers.ts';
import { soon } from './soon.ts';

/** Asks the store for all charges in one step. */
export const decide = (store: LimiterStore, charges: readonly Charge[]): Soon<readonly Decided[]> => {
  const [first] = charges;
  if (first === undefined) return [];
  if (charges.length === 1) return soon(store.decideOne(first), (decision) => [{ charge: first, decision }]);
  return soon(store.decide(charges), (decisions) => paired(charges, decisions));
};

const paired = (charges: readonly Charge[], decisions: readonly Decision[]): readonly Decided[] =>
  charges.flatMap((charge, index) => {
    const decision = decisions[index];
    return decision === undefined ? [] : [{ charge, decision }];
  });

export const isAdmitted = (decided: readonly Decided[]): boolean => {
  for (const { decision } of decided) if (!decision.allowed) return false;
  return true;
};
