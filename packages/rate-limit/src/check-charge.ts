import { SimfleetError } from '@simfleet/contracts';
import { mostRecords } from './algorithms/sliding-log.ts';
import type { Rule } from './rule.ts';
import type { Charge } from './store.ts';

const longestMs = 31 * 24 * 3_600_000;
const names = /^[a-z0-9-]{1,63}$/;

const refuse = (detail: string): never => {
  throw new SimfleetError('invalid-request', detail);
};

const isWhole = (value: number, most: number): boolean => Number.isSafeInteger(value) && value >= 1 && value <= most;

/** Throws `invalid-request` for a rule that is out of range, or whose counts would not be exact: see `rule.ts` and the README. */
export const checkRule = (rule: Rule): void => {
  if (!names.test(rule.name)) refuse('A rule is named by 1 to 63 lower-case letters, digits and hyphens.');
  const { name, limit } = rule;
  if (!isWhole(limit, Number.MAX_SAFE_INTEGER)) refuse(`The limit of ${name} is a whole number, 1 or more.`);
  if (rule.algorithm === 'concurrency') {
    if (!isWhole(rule.leaseMs, longestMs)) refuse(`The lease of ${name} is whole milliseconds, 1 to 31 days of them.`);
    return;
  }
  const { windowMs } = rule;
  if (!isWhole(windowMs, longestMs)) refuse(`The window of ${name} is whole milliseconds, 1 to 31 days of them.`);
  if (rule.algorithm === 'sliding-counter' && limit * windowMs > 2 ** 52) {
    refuse(`The limit of ${name} times its window in milliseconds is above 2^52: nothing could count it exactly.`);
  }
  if (rule.algorithm === 'sliding-log' && Math.min(limit, windowMs) > mostRecords) {
    refuse(
      `The log of ${name} could grow above ${mostRecords} records: let its limit or its window in milliseconds be at most that, or take a sliding counter.`,
    );
  }
  if (rule.algorithm !== 'token-bucket' && rule.algorithm !== 'leaky-bucket') return;
  const { burst = rule.algorithm === 'token-bucket' ? limit : 1 } = rule;
  if (!isWhole(burst, Number.MAX_SAFE_INTEGER)) refuse(`The burst of ${name} is a whole number, 1 or more.`);
  if (burst * windowMs > Number.MAX_SAFE_INTEGER) {
    refuse(`The burst of ${name} times its window in milliseconds is above 2^53 − 1: nothing could count it exactly.`);
  }
};

/** Throws `invalid-request` for a charge that is out of range. Its rule is checked by `checkRule`. */
export const checkCharge = ({ rule, key, cost, lease }: Charge): void => {
  if (typeof key !== 'string') refuse('The key of a charge is text.');
  if (cost !== undefined && !(Number.isFinite(cost) && cost >= 0))
    refuse('The cost of a charge is a finite number, 0 or more.');
  if (rule.algorithm === 'concurrency') {
    if (typeof lease !== 'string' || lease === '') refuse(`A charge of ${rule.name} names its lease.`);
  } else if (lease !== undefined) refuse(`${rule.name} knows no leases: only concurrency rules do.`);
};

/** Throws `invalid-request` when two charges count the same. */
export const checkDistinct = (charges: readonly Charge[]): void => {
  for (const [index, { rule, key }] of charges.entries()) {
    const again = charges.slice(0, index).some((other) => other.key === key && other.rule.name === rule.name);
    if (again) refuse(`Two charges of one decision ask ${rule.name} for the same key.`);
  }
};
