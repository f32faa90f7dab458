import { SimfleetError, neverHolds, operationIds } from '@simfleet/contracts';
import type { LimitPolicy, Mistake } from '@simfleet/contracts';
import { didYouMean } from '@simfleet/runtime';

type Named = Pick<LimitPolicy, 'operations' | 'per' | 'rule'>;

/**
 * Throws `invalid-request` for operations for which the policy would never hold: it would look like a limit and be none. What was there `before` is not asked
 * about: an operation that a release took away is no reason why the rest of a policy could not be changed. Null: there was nothing.
 */
export const checkOperations = ({ operations = [], per, rule }: Named, before: Named | null): void => {
  const counted = before !== null && before.per === per && before.rule.algorithm === rule.algorithm;
  const kept = counted ? (before.operations ?? []) : [];
  const mistakes = operations.flatMap((operation, index): Mistake[] => {
    const never = kept.includes(operation) ? null : neverHolds(operation, per, rule);
    if (never === null) return [];
    return [{ pointer: `/operations/${index}`, detail: never === 'unknown' ? unknown(operation) : never.because }];
  });
  if (mistakes.length > 0)
    throw new SimfleetError('invalid-request', 'the policy names operations for which it would never hold', {
      mistakes,
    });
};

const unknown = (operation: string): string =>
  `is no operation${didYouMean(operation, operationIds) || `: there are ${operationIds.join(', ')}`}`;
