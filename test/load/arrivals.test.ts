import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exactLimiter } from './exact-limiters.ts';
import type { JudgedPolicy, Limiter } from './exact-limiters.ts';

interface Plan {
  readonly perWindow: number;
  readonly windows: number;
  readonly skewMs: number;
  readonly stallMs: number;
  readonly gapMs: number;
  readonly lengthMs: number;
}

interface Arrivals {
  readonly planArrival: (
    policy: JudgedPolicy,
    how: { readonly demand: number; readonly windows: number; readonly stall: number; readonly skewMs: number },
  ) => Plan;
  readonly arrivalBounds: (policy: JudgedPolicy, plan: Plan) => { readonly lower: number; readonly upper: number };
  readonly startOfArrival: (earliest: number, windowMs: number) => number;
  readonly crowdGapMs: (policy: JudgedPolicy, plan: Plan) => number;
}

/** The very file that k6 runs. */
const file = new URL('../../k6/lib/arrivals.js', import.meta.url).href;
const { planArrival, arrivalBounds, startOfArrival, crowdGapMs } = (await import(file)) as Arrivals;

const algorithms = ['token-bucket', 'leaky-bucket', 'sliding-log', 'sliding-counter', 'fixed-window'] as const;
const epoch = 1_700_000_000_000;

interface Noise {
  /** Where in a window the run begins, and by how much of the allowed skew the store's clock is off: 0 … 1, −1 … 1. */
  readonly phase: number;
  readonly skew: number;
  /** Of each request in turn: how much of a stall passes until it is decided, and how much of the rest until its answer: 0 … 1. */
  readonly there: readonly number[];
  readonly back: readonly number[];
}

const share = fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
const shares = fc.array(share, { minLength: 1, maxLength: 40 });
const noise: fc.Arbitrary<Noise> = fc.record({
  phase: fc.double({ min: 0, max: 1, noNaN: true }),
  skew: fc.double({ min: -1, max: 1, noNaN: true }),
  there: shares,
  back: shares,
});
const quiet: Noise = { phase: 0.4, skew: 0, there: [0.01], back: [0.01] };

const turn = (values: readonly number[], index: number): number => values[index % values.length] ?? 0;

/** What the script would count of a constant arrival at a limiter. */
const countOf = (
  policy: JudgedPolicy,
  plan: Plan,
  limiter: Limiter,
  { phase, skew, there, back }: Noise,
): { readonly admitted: number; readonly inTime: number } => {
  const { windowMs } = policy;
  const begun = epoch + Math.floor(phase * windowMs);
  const start = startOfArrival(begun, windowMs);
  assert.ok(start >= begun && start < begun + windowMs + 1);
  const end = start + plan.lengthMs;
  const all = Array.from({ length: Math.ceil((plan.lengthMs + windowMs) / plan.gapMs) + 2 }, (_, index) => {
    const due = begun + index * plan.gapMs;
    return { due, index };
  }).filter(({ due }) => due >= start && due <= end);
  // Without a burst each delay loses a token: of the leaky bucket the delays in all are a stall a window.
  const most = policy.algorithm === 'leaky-bucket' ? (plan.windows * plan.stallMs) / all.length : plan.stallMs;
  const asked = all.map(({ due, index }) => {
    const decided = due + turn(there, index) * most;
    return { decided, received: Math.floor(decided + turn(back, index) * (due + most - decided)) };
  });
  asked.sort((a, b) => a.decided - b.decided);
  const answers = asked.map(({ decided, received }) => ({
    admitted: limiter(Math.floor(decided + skew * plan.skewMs)),
    received,
  }));
  const admitted = answers.filter((one) => one.admitted);
  return { admitted: admitted.length, inTime: admitted.filter(({ received }) => received <= end).length };
};

const usual = (algorithm: JudgedPolicy['algorithm']): JudgedPolicy => ({ algorithm, limit: 20, windowMs: 4000 });
const usualHow = { demand: 6, windows: 3, stall: 0.1, skewMs: 2 };

for (const algorithm of algorithms) {
  const policy = usual(algorithm);
  const plan = planArrival(policy, usualHow);
  const bounds = arrivalBounds(policy, plan);

  void describe(`a constant arrival at ${algorithm}`, () => {
    void it('is admitted within its bounds, whatever the rate, the order and the time on the way', () => {
      const policies = fc.record({
        limit: fc.integer({ min: 1, max: 30 }),
        windowMs: fc.integer({ min: 1, max: 8 }).map((units) => units * 500),
      });
      const ways = fc.record({
        demand: fc.double({ min: 2, max: 20, noNaN: true }),
        windows: fc.integer({ min: 2, max: 6 }),
        stall: fc.double({ min: 0.01, max: 0.4, noNaN: true }),
        skewMs: fc.integer({ min: 0, max: 100 }),
      });
      fc.assert(
        fc.property(policies, ways, noise, (rule, how, around) => {
          const any = { algorithm, ...rule };
          const its = planArrival(any, how);
          const { lower, upper } = arrivalBounds(any, its);
          const { admitted, inTime } = countOf(any, its, exactLimiter(any), around);
          assert.ok(inTime <= upper, `${inTime} in time, ${upper} at most`);
          assert.ok(admitted >= lower, `${admitted} admitted, ${lower} at least`);
        }),
        { numRuns: 500 },
      );
    });

    void it('has bounds that are narrow, and one number where the algorithm leaves nothing open', () => {
      const { lower, upper } = bounds;
      if (algorithm === 'sliding-log' || algorithm === 'fixed-window') assert.deepEqual([lower, upper], [60, 60]);
      else assert.ok(lower >= 0.7 * upper && lower < upper, `${lower} … ${upper}`);
    });

    void it('shows two replicas that count apart', () => {
      const replicas = [exactLimiter(policy), exactLimiter(policy)];
      let next = 0;
      const apart: Limiter = (at) => replicas[next++ % 2]?.(at) ?? false;
      assert.ok(countOf(policy, plan, apart, quiet).inTime > 1.5 * bounds.upper);
    });

    void it('shows a limit that is too loose, or too tight', () => {
      const others = (limit: number): Limiter => exactLimiter({ ...policy, limit });
      assert.ok(countOf(policy, plan, others(25), quiet).inTime > bounds.upper);
      assert.ok(countOf(policy, plan, others(12), quiet).admitted < bounds.lower);
    });
  });

  void it(`nobody in a crowd is refused by ${algorithm}`, () => {
    const rules = fc.record({
      limit: fc.integer({ min: 1, max: 200 }),
      windowMs: fc.integer({ min: 1, max: 8 }).map((units) => units * 500),
    });
    fc.assert(
      fc.property(rules, fc.double({ min: 0.01, max: 0.4, noNaN: true }), noise, (rule, stall, { phase, there }) => {
        const any = { algorithm, ...rule };
        const its = planArrival(any, { ...usualHow, stall });
        const gap = crowdGapMs(any, its);
        const limiter = exactLimiter(any);
        const times = Array.from(
          { length: 40 },
          (_, index) => epoch + phase * any.windowMs + index * gap + turn(there, index) * its.stallMs,
        );
        times.sort((a, b) => a - b);
        assert.ok(times.every((time) => limiter(Math.floor(time))));
      }),
      { numRuns: 300 },
    );
  });
}

void it('a clock that may be a quarter of a window off is refused', () => {
  assert.throws(() => planArrival(usual('fixed-window'), { ...usualHow, skewMs: 1000 }), /LOAD_CLOCK_SKEW_MS/);
});
