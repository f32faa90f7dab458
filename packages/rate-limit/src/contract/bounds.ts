import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Algorithm, Rule } from '../rule.ts';
import type { LimiterStore } from '../store.ts';
import { chargeOf, freshKey, onHandClock, type HandClock, type LimiterSuite } from './suite.ts';
import { ruleOf } from './traffic.ts';

interface Admission {
  readonly at: number;
  readonly cost: number;
}

/** How much `cost` of admissions there may be from the time of one to the time of another, `ms` later, both included. See the README of the package. */
const bounds: Readonly<
  Record<string, (rule: { readonly limit: number; readonly windowMs: number }, ms: number) => number>
> = {
  'token-bucket': ({ limit, windowMs }, ms) => limit + (limit * ms) / windowMs,
  // With its burst of 1.
  'leaky-bucket': ({ limit, windowMs }, ms) => 1 + (limit * ms) / windowMs,
  'sliding-log': ({ limit, windowMs }, ms) => limit * (Math.floor(ms / windowMs) + 1),
  'sliding-counter': ({ limit, windowMs }, ms) => limit + (limit * Math.max(0, ms - 1)) / windowMs,
  'fixed-window': ({ limit, windowMs }, ms) => limit * (Math.floor((ms + windowMs - 1) / windowMs) + 1),
};

/** Bursts, trickles and rests: waits in thousandths of a window, and how often and with what is asked after each. */
const anyBursts = fc.array(
  fc.record({
    wait: fc.oneof(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 700, max: 2_100 }),
    ),
    times: fc.integer({ min: 1, max: 12 }),
    cost: fc.constantFrom(1, 1, 1, 0.5, 2, 3),
  }),
  { minLength: 1, maxLength: 30, size: 'max' },
);

const admissionsOf = async (
  store: LimiterStore,
  clock: HandClock,
  rule: Rule & { readonly windowMs: number },
  bursts: readonly { readonly wait: number; readonly times: number; readonly cost: number }[],
): Promise<readonly Admission[]> => {
  const key = freshKey();
  const admissions: Admission[] = [];
  for (const { wait, times, cost } of bursts) {
    clock.pass(Math.round((wait * rule.windowMs) / 1_000));
    for (let time = 0; time < times; time += 1) {
      if ((await store.decideOne(chargeOf(rule, key, { cost }))).allowed) admissions.push({ at: clock.ms, cost });
    }
  }
  return admissions;
};

const assertBounded = (admissions: readonly Admission[], most: (ms: number) => number): void => {
  for (const [from, first] of admissions.entries()) {
    let sum = 0;
    for (const { at, cost } of admissions.slice(from)) {
      sum += cost;
      const bound = most(at - first.at);
      assert.ok(sum <= bound + 1e-9, `${sum} admitted within ${at - first.at} ms, where ${bound} are the most`);
    }
  }
};

export const testBounds = (suite: LimiterSuite): void => {
  for (const [algorithm, bound] of Object.entries(bounds)) {
    test(`${algorithm}: admits no more than its bound in any time`, () =>
      onHandClock(suite, async (store, clock) => {
        const held = fc.asyncProperty(
          fc.integer({ min: 1, max: 10 }),
          fc.constantFrom(1, 3, 10, 100, 1_000),
          anyBursts,
          async (limit, windowMs, bursts) => {
            const rule = ruleOf('bounded', algorithm as Algorithm, limit, windowMs, null);
            assert.ok('windowMs' in rule);
            assertBounded(await admissionsOf(store, clock, rule, bursts), (ms) => bound(rule, ms));
          },
        );
        await fc.assert(held, { numRuns: Math.min(60, suite.capabilities.runs ?? 60) });
      }));
  }

  test('sliding-log: 100 a minute admits exactly 100 in any minute of steady pressure', () =>
    onHandClock(suite, async (store, clock) => {
      const rule: Rule = { name: 'minute', algorithm: 'sliding-log', limit: 100, windowMs: 60_000 };
      const key = freshKey();
      const ats: number[] = [];
      for (let second = 0; second < 180; second += 1) {
        for (let attempt = 0; attempt < 4; attempt += 1) {
          if ((await store.decideOne(chargeOf(rule, key))).allowed) ats.push(clock.ms);
        }
        clock.pass(1_000);
      }
      for (const start of ats) {
        if (start + 60_000 > clock.ms) break;
        assert.equal(ats.filter((at) => at >= start && at < start + 60_000).length, 100);
      }
    }));
};
