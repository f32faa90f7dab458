import type { LeakyBucketRule, TokenBucketRule } from '../rule.ts';
import type { Charge } from '../store.ts';
import { allowed, refused } from './decision.ts';
import type { Meter } from './meter.ts';
import { scaleUp } from './weight.ts';

type BucketRule = TokenBucketRule | LeakyBucketRule;

/**
 * What is used of a bucket, in units of 1 ÷ windowMs of a cost, at the time `at`: it drains by `limit` units a millisecond, and a cost weighs windowMs
 * times itself (rounded up). So nothing is ever rounded while time goes by. Above burst × windowMs only by force.
 */
export interface BucketState {
  used: number;
  at: number;
}

/**
 * A bucket as a meter; the cell rate algorithm is the same one, seen from the time at which the bucket is empty (ITU-T I.371, appendix: the virtual
 * scheduling algorithm and the continuous-state leaky bucket are equivalent).
 */
export const bucketMeter = <R extends BucketRule>(burstOf: (rule: R) => number): Meter<R, BucketState> => {
  const capacity = (rule: R): number => burstOf(rule) * rule.windowMs;
  const left = ({ limit }: R, { used, at }: BucketState, now: number): number => Math.max(0, used - limit * (now - at));
  const weightOf = ({ cost = 1 }: Charge, { windowMs }: R): number => Math.ceil(cost * windowMs);
  const remaining = (rule: R, used: number): number => Math.max(0, Math.floor((capacity(rule) - used) / rule.windowMs));

  return {
    start: () => ({ used: -0, at: -0 }),
    adopt(state, before, rule, now) {
      if (rule.windowMs === before.windowMs && rule.limit === before.limit) return { used: state.used, at: state.at };
      return { used: scaleUp(left(before, state, now), rule.windowMs, before.windowMs), at: now };
    },
    decide(rule, state, charge, now, counts) {
      const used = left(rule, state, now);
      const weight = weightOf(charge, rule);
      const room = capacity(rule) - (weight === 0 ? 1 : weight);
      if (used > room && charge.force !== true) {
        const retry = room < 0 ? null : Math.ceil((used - room) / rule.limit);
        return refused(burstOf(rule), remaining(rule, used), Math.ceil(used / rule.limit), retry, now);
      }
      const then = Math.min(used + weight, Number.MAX_SAFE_INTEGER);
      if (counts && weight > 0) {
        state.used = then;
        state.at = now;
      }
      return allowed(burstOf(rule), remaining(rule, then), Math.ceil(then / rule.limit), now);
    },
    stand(rule, state, now) {
      const used = left(rule, state, now);
      return allowed(burstOf(rule), remaining(rule, used), Math.ceil(used / rule.limit), now);
    },
    refund(rule, state, charge, at, now) {
      const weight = weightOf(charge, rule);
      // After the last admission all that is left may be of it. What came before others may have drained meanwhile, and then the others have not:
      // it counts as the first to drain.
      const drained = at >= state.at ? 0 : rule.limit * (now - at);
      state.used -= Math.min(left(rule, state, now), Math.max(0, weight - drained));
    },
    endsAt: ({ limit }, { used, at }) => at + Math.ceil(used / limit),
    opensAt: (rule, { used, at }) => at + Math.ceil((used - capacity(rule) + rule.windowMs) / rule.limit),
  };
};
