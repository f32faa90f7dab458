import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { openRedisLimiterStore } from '@simfleet/rate-limit/redis';
import type { Charge, Decision, LimiterStore, Rule } from '@simfleet/rate-limit';
import { redisMissing, startRedis } from '@simfleet/testing';
import { everyRule, HandClock } from '../../src/contract/suite.ts';

const skip = redisMissing();

type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'decide' | 'peek' | 'force' | 'refund'; readonly variant: number; readonly cost: number }
  | { readonly kind: 'together'; readonly variant: number; readonly cost: number };

const algorithms = everyRule(1, 1_000).map(({ algorithm }) => algorithm);

/** The same name with one of three limits and windows, as if the rule was changed. */
const ruleOf = (algorithm: Rule['algorithm'], variant: number): Rule => {
  const [limit, span] = [
    [10, 1_000],
    [17, 1_000],
    [7, 731],
  ][variant % 3] as [number, number];
  if (algorithm === 'concurrency') return { name: 'changing', algorithm, limit, leaseMs: span };
  return { name: 'changing', algorithm, limit, windowMs: span, ...(algorithm === 'leaky-bucket' ? { burst: 4 } : {}) };
};

const other: Rule = { name: 'beside', algorithm: 'fixed-window', limit: 30, windowMs: 500 };

const cost = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(0.5, 0.3, 1.25, 1e-9, 100));
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 700 }) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom('decide' as const, 'decide', 'decide', 'peek', 'force', 'refund'),
        variant: fc.oneof(
          { weight: 8, arbitrary: fc.constant(0) },
          { weight: 2, arbitrary: fc.integer({ min: 0, max: 2 }) },
        ),
        cost,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('together' as const), variant: fc.constant(0), cost }) },
  ),
  { minLength: 5, maxLength: 60 },
);

const leaseOf = (rule: Rule, variant: number, price: number): Pick<Charge, 'lease'> =>
  rule.algorithm === 'concurrency' ? { lease: `lease ${(variant + Math.ceil(price)) % 4}` } : {};

const apply = async (
  store: LimiterStore,
  algorithm: Rule['algorithm'],
  key: string,
  step: Exclude<Step, { kind: 'pass' }>,
  admitted: number,
): Promise<readonly Decision[]> => {
  const rule = ruleOf(algorithm, step.variant);
  const charge: Charge = { rule, key, cost: step.cost, ...leaseOf(rule, step.variant, step.cost) };
  if (step.kind === 'peek') return [await store.peek(charge)];
  if (step.kind === 'force') return [await store.decideOne({ ...charge, force: true })];
  if (step.kind === 'together') return store.decide([charge, { rule: other, key, cost: step.cost }]);
  if (step.kind === 'decide') return [await store.decideOne(charge)];
  await store.refund(charge, admitted);
  return [];
};

/** Nothing counts any more under the narrower rule that the refund goes by; under the one before and after it something would. */
const refundOfNothing: readonly Step[] = [
  { kind: 'decide', variant: 0, cost: 1 },
  { kind: 'pass', ms: 731 },
  { kind: 'refund', variant: 2, cost: 0 },
  { kind: 'decide', variant: 0, cost: 1 },
];

/** Redis, and memories whenever asked, by one clock that the test turns. */
const openBoth = async (t: Parameters<typeof startRedis>[0]) => {
  const { url } = await startRedis(t);
  const clock = new HandClock();
  const { now } = clock;
  const redis = await openRedisLimiterStore({ url, timeoutMs: 5_000, now });
  t.after(() => redis.close());
  return { redis, clock, openMemory: () => openMemoryLimiterStore({ clock: { now, monotonic: now } }) };
};

test('Redis decides whatever the pure algorithms do, to the last digit', { skip }, async (t) => {
  const { redis, clock, openMemory } = await openBoth(t);
  for (const algorithm of algorithms) {
    await t.test(algorithm, () =>
      fc.assert(
        fc.asyncProperty(steps, async (plan) => {
          const memory = openMemory();
          const key = crypto.randomUUID();
          const admissions = [clock.ms];
          for (const step of plan) {
            if (step.kind === 'pass') clock.pass(step.ms);
            else {
              const admitted = admissions[Math.ceil(step.cost) % admissions.length] ?? clock.ms;
              const expected = await apply(memory, algorithm, key, step, admitted);
              assert.deepEqual(await apply(redis, algorithm, key, step, admitted), expected, JSON.stringify(step));
              if (step.kind === 'decide' && expected[0]?.allowed === true) admissions.push(expected[0].at);
            }
          }
        }),
        { numRuns: 60, examples: [[refundOfNothing]] },
      ),
    );
  }
});

test(
  'a log of thousands of records is that of the pure algorithm: cut off in bulk, searched by halving, refunded in the middle',
  { skip },
  async (t) => {
    const { redis, clock, openMemory } = await openBoth(t);
    const memory = openMemory();
    const rule: Rule = { name: 'long', algorithm: 'sliding-log', limit: 2_000, windowMs: 10_000 };
    const key = 'of many';
    const random = pseudoRandom(7);
    const admissions: number[] = [];
    for (let step = 0; step < 6_000; step += 1) {
      clock.pass(Math.floor(random() < 0.01 ? random() * 4_000 : random() * 6));
      const charge: Charge = { rule, key, cost: random() < 0.02 ? 400 : 1 };
      const expected = memory.decideOne(charge);
      assert.deepEqual(await redis.decideOne(charge), expected);
      if (expected.allowed) admissions.push(expected.at);
      if (random() < 0.02) {
        const at = admissions[Math.floor(random() ** 0.2 * admissions.length)] ?? 0;
        memory.refund(charge, at);
        await redis.refund(charge, at);
      }
    }
  },
);

test('a log of which sums have passed what is exact is that of the pure algorithm', { skip }, async (t) => {
  const { redis, clock, openMemory } = await openBoth(t);
  const memory = openMemory();
  const random = pseudoRandom(11);
  for (const limit of [2 ** 42, 2 ** 50]) {
    const rule: Rule = { name: `of-${limit}`, algorithm: 'sliding-log', limit, windowMs: 300 };
    for (let step = 0; step < 1_500; step += 1) {
      clock.pass(Math.floor(random() < 0.03 ? random() * 400 : random() * 8));
      const cost = random() < 0.2 ? (limit / 16) * random() : 1.3;
      const charge: Charge = { rule, key: 'vast', cost, force: random() < 0.2 };
      assert.deepEqual(await redis.decideOne(charge), memory.decideOne(charge), `step ${step}`);
    }
  }
});

/** Numbers in [0, 1) that are the same each time (Park and Miller). */
const pseudoRandom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};
