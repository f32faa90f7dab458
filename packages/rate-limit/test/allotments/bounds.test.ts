import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { fakeClock } from '@simfleet/testing';
import {
  allotStore,
  mostUnits,
  type Allotment,
  type FixedWindowRule,
  type SlidingLogRule,
  type TokenBucketRule,
} from '../../src/index.ts';
import { openMemoryLimiterStore } from '../../src/memory/index.ts';
import { faultyStore } from '../loss/faulty-store.ts';

const windowMs = 2_000;

type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'charge'; readonly replica: number; readonly times: number; readonly cost: number }
  | { readonly do: 'slow'; readonly replica: number; readonly ms: number }
  | { readonly do: 'refund'; readonly which: number }
  | { readonly do: 'die'; readonly replica: number };

const replica = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400 }) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('charge' as const),
      replica,
      times: fc.integer({ min: 1, max: 25 }),
      cost: fc.constantFrom(1, 1, 1, 2, 5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('slow' as const), replica, ms: fc.integer({ min: 0, max: 60 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refund' as const), which: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), replica }) },
);

interface Admission {
  readonly at: number;
  readonly time: number;
  readonly cost: number;
  readonly by: number;
}

type RateRule = SlidingLogRule | TokenBucketRule | FixedWindowRule;

/** Several replicas on one memory store; what they admitted, on the clock. `held` is the most that they held together. */
const play = async (
  rule: RateRule,
  allotment: Allotment,
  replicas: number,
  steps: readonly Step[],
): Promise<{ readonly admissions: readonly Admission[]; readonly held: number; readonly here: number }> => {
  const clock = fakeClock();
  const store = openMemoryLimiterStore({ clock });
  const start = () => {
    const between = faultyStore(store, clock);
    return { between, allotted: allotStore({ store: between, clock, allot: () => allotment }) };
  };
  const processes = Array.from({ length: replicas }, start);
  const admissions: Admission[] = [];
  const underWay: Promise<void>[] = [];
  let [held, here] = [0, 0];
  const charge = async (by: number, cost: number): Promise<void> => {
    const process = processes[by] as (typeof processes)[number];
    const before = process.between.calls;
    const answer = process.allotted.decideOne({ rule, key: 'a', cost });
    const asked = answer instanceof Promise;
    if (!asked && process.between.calls === before) here += 1;
    const told = await answer;
    // The store's decision is made when it is asked, whenever the answer comes.
    if (told.allowed) admissions.push({ at: told.at, time: asked ? told.at : clock.now(), cost, by });
  };
  for (const one of steps) {
    if (one.do === 'wait') await clock.advance(one.ms);
    else if (one.do === 'refund') {
      // Given back as soon as it is said: the store hears of it later, if at all.
      const [refunded] = admissions.splice(one.which, 1);
      const by = refunded === undefined ? undefined : processes[refunded.by];
      if (refunded !== undefined && by !== undefined) {
        underWay.push(Promise.resolve(by.allotted.refund({ rule, key: 'a', cost: refunded.cost }, refunded.at)));
      }
    } else {
      const by = one.replica % replicas;
      // What it holds is lost with it.
      if (one.do === 'die') processes[by] = start();
      else if (one.do === 'slow') (processes[by] as (typeof processes)[number]).between.trouble = one.ms;
      else for (let n = 0; n < one.times; n += 1) underWay.push(charge(by, one.cost));
      await clock.advance(0);
    }
    held = Math.max(held, ...processes.map(({ allotted }) => allotted.held));
  }
  await clock.advance(1_000);
  await Promise.all(underWay);
  return { admissions: admissions.sort((a, b) => a.time - b.time), held, here };
};

/** The most admitted in any time, less what `allowed(ms)` says for it: first to last of every pair of admissions. */
const excess = (admissions: readonly Admission[], allowed: (ms: number) => number): number => {
  let worst = 0;
  for (const [index, { time }] of admissions.entries()) {
    let sum = 0;
    for (const later of admissions.slice(index)) {
      sum += later.cost;
      worst = Math.max(worst, sum - allowed(later.time - time));
    }
  }
  return worst;
};

void suite('Replicas with allotments on one store', () => {
  const replicas = fc.integer({ min: 1, max: 4 });
  const share = fc.constantFrom(0.05, 0.2, 0.5);
  const limit = fc.integer({ min: 10, max: 400 });
  const steps = fc.array(step, { minLength: 10, maxLength: 80 });
  const runs = { numRuns: 120 };

  const holds = async (ruleOf: (limit: number) => RateRule, allowed: (rule: RateRule) => (ms: number) => number) => {
    let here = 0;
    await fc.assert(
      fc.asyncProperty(replicas, share, limit, steps, async (count, part, most, script) => {
        const rule = ruleOf(most);
        const allotment = { share: part, hotPerSecond: 10 };
        const played = await play(rule, allotment, count, script);
        const over = excess(played.admissions, allowed(rule));
        const bound = count * mostUnits(rule, allotment);
        assert.ok(played.held <= mostUnits(rule, allotment), `holds ${played.held}`);
        assert.ok(over <= bound, `${over} over, bound ${bound}`);
        here += played.here;
      }),
      runs,
    );
    assert.ok(here > 1_000, `${here} decided without the store`);
  };

  void test('admit at most replicas × allotment more than a log does, in any window', async () => {
    await holds(
      (most) => ({ name: 'log', algorithm: 'sliding-log', limit: most, windowMs }),
      ({ limit: most }) =>
        (ms) =>
          ms < windowMs ? most : Number.POSITIVE_INFINITY,
    );
  });

  void test('reach the bound when units taken before a window are spent in it', async () => {
    const rule: SlidingLogRule = { name: 'log', algorithm: 'sliding-log', limit: 400, windowMs };
    const allotment = { share: 0.1, hotPerSecond: 10, holdMs: 1_000 };
    const both = (times: number): readonly Step[] =>
      [0, 1].map((by) => ({ do: 'charge', replica: by, times, cost: 1 }) as const);
    const wait = (ms: number): Step => ({ do: 'wait', ms });
    const last = Array.from({ length: 30 }, () => both(10)).flat();
    const script = [...both(100), wait(10), ...both(10), wait(880), ...both(40), wait(1_125), ...last];
    const { admissions } = await play(rule, allotment, 2, script);
    const over = excess(admissions, (ms) => (ms < windowMs ? rule.limit : Number.POSITIVE_INFINITY));
    const bound = 2 * mostUnits(rule, allotment);
    assert.equal(bound, 80);
    assert.ok(over > bound / 2 && over <= bound, `${over} of ${bound}`);
  });

  void test('admit at most replicas × allotment more than a token bucket does, in any time', async () => {
    await holds(
      (most) => ({ name: 'bucket', algorithm: 'token-bucket', limit: most, windowMs }),
      ({ limit: most }) =>
        (ms) =>
          most + (most * (ms + 1)) / windowMs,
    );
  });

  void test('admit at most replicas × allotment more than a fixed window does, in any window', async () => {
    await holds(
      (most) => ({ name: 'fixed', algorithm: 'fixed-window', limit: most, windowMs }),
      ({ limit: most }) =>
        (ms) =>
          ms < windowMs ? 2 * most : Number.POSITIVE_INFINITY,
    );
  });
});
