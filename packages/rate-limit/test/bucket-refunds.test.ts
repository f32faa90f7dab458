import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { tokenBucket } from '../src/algorithms/token-bucket.ts';
import type { TokenBucketRule } from '../src/rule.ts';

/** A refund is of the charge with its number, once, if there is one. */
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('charge' as const), cost: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.oneof(fc.nat(30), fc.nat(2_000)) }),
    fc.record({ kind: fc.constant('refund' as const), charge: fc.nat(12) }),
  ),
  { minLength: 3, maxLength: 40 },
);
const rules = fc.record({ limit: fc.integer({ min: 1, max: 50 }), windowMs: fc.constantFrom(100, 1_000, 1_001) });

interface Taken {
  readonly at: number;
  readonly cost: number;
  refunded: boolean;
}

/** Units of 1 ÷ windowMs that a bucket holds at `now` to which these charges alone ever came. */
const levelOf = ({ limit, windowMs }: TokenBucketRule, charges: readonly Taken[], now: number): number => {
  let [level, seen] = [0, 0];
  for (const { at, cost } of charges) {
    level = Math.max(0, level - limit * (at - seen)) + cost * windowMs;
    seen = at;
  }
  return Math.max(0, level - limit * (now - seen));
};

describe('A refund of a bucket', () => {
  test('never opens more than if the charge had not come, and loses no more than has drained since', () => {
    const holds = fc.property(rules, steps, (given, sequence) => {
      const rule: TokenBucketRule = { name: 'bucket', algorithm: 'token-bucket', ...given };
      const { windowMs, limit } = rule;
      const state = tokenBucket.start();
      const taken: Taken[] = [];
      let now = 5_000;
      let lost = 0;
      const heldNow = (): number => Math.max(0, state.used - limit * (now - state.at));
      for (const step of sequence) {
        if (step.kind === 'pass') now += step.ms;
        else if (step.kind === 'charge') {
          tokenBucket.decide(rule, state, { rule, key: 'k', cost: step.cost, force: true }, now, true);
          taken.push({ at: now, cost: step.cost, refunded: false });
        } else {
          const charge = taken[step.charge];
          if (charge === undefined || charge.refunded) continue;
          charge.refunded = true;
          tokenBucket.refund(rule, state, { rule, key: 'k', cost: charge.cost }, charge.at, now);
          lost += Math.min(charge.cost * windowMs, limit * (now - charge.at));
        }
        const left = taken.filter(({ refunded }) => !refunded);
        const exact = levelOf(rule, left, now);
        assert.ok(heldNow() >= exact, `${heldNow()} held where ${exact} had been`);
        assert.ok(
          heldNow() <= exact + lost,
          `${heldNow()} held where ${exact} had been, and at most ${lost} were lost`,
        );
      }
    });
    fc.assert(holds, { numRuns: 2_000 });
  });

  test('loses nothing when nobody came since', () => {
    const holds = fc.property(
      rules,
      fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat(500))),
      fc.nat(2_000),
      (given, before, wait) => {
        const rule: TokenBucketRule = { name: 'bucket', algorithm: 'token-bucket', ...given };
        const state = tokenBucket.start();
        const taken: Taken[] = [];
        let now = 5_000;
        for (const [cost, ms] of [...before, [7, 0] as const]) {
          now += ms;
          tokenBucket.decide(rule, state, { rule, key: 'k', cost, force: true }, now, true);
          taken.push({ at: now, cost, refunded: false });
        }
        tokenBucket.refund(rule, state, { rule, key: 'k', cost: 7 }, now, now + wait);
        now += wait;
        assert.equal(Math.max(0, state.used - rule.limit * (now - state.at)), levelOf(rule, taken.slice(0, -1), now));
      },
    );
    fc.assert(holds, { numRuns: 500 });
  });
});
