import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exactLimiter } from './exact-limiters.ts';
import type { JudgedPolicy, Limiter } from './exact-limiters.ts';

interface Seen {
  readonly sent: number;
  readonly received: number;
  readonly admitted: boolean | null;
}

interface Verdict {
  readonly admitted: number;
  readonly refused: number;
  readonly lower: number;
  readonly upper: number;
  readonly over: number;
  readonly under: number;
  readonly wronglyRefused: number;
}

/** The very file that k6 runs. */
const file = new URL('../../k6/lib/bounds.js', import.meta.url).href;
const { judge } = (await import(file)) as {
  readonly judge: (policy: JudgedPolicy, trace: readonly Seen[], skewMs?: number) => Verdict;
};

const algorithms = ['token-bucket', 'leaky-bucket', 'sliding-log', 'sliding-counter', 'fixed-window'] as const;
const epoch = 1_700_000_000_000;

interface Request {
  /** Milliseconds after the one before. */
  readonly gap: number;
  /** On the way to the store, and back. */
  readonly there: number;
  readonly back: number;
}

/** What a client saw of requests that the limiter decided in the order in which they got there. Clocks are cut off to the millisecond. */
const seenOf = (requests: readonly Request[], limiter: Limiter): readonly Seen[] => {
  let now = epoch;
  const sent = requests.map(({ gap, there, back }) => ({ sent: (now += gap), decided: now + there, back }));
  const decided = [...sent].sort((a, b) => a.decided - b.decided);
  return decided.map(({ sent: at, decided: then, back }) => ({
    ...{ sent: Math.floor(at), received: Math.floor(then + back) },
    admitted: limiter(Math.floor(then)),
  }));
};

const requests = (longestMs: number): fc.Arbitrary<readonly Request[]> =>
  fc.array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 120, noNaN: true })),
      there: fc.double({ min: 0, max: longestMs, noNaN: true }),
      back: fc.double({ min: 0, max: longestMs, noNaN: true }),
    }),
    { minLength: 1, maxLength: 80 },
  );

const policies = (algorithm: JudgedPolicy['algorithm']): fc.Arbitrary<JudgedPolicy> =>
  fc
    .record({
      limit: fc.integer({ min: 1, max: 12 }),
      windowMs: fc.integer({ min: 50, max: 1500 }),
      burst: fc.integer({ min: 1, max: 12 }),
    })
    .map(({ burst, ...rule }) => ({ algorithm, ...rule, ...(algorithm.endsWith('bucket') ? { burst } : {}) }));

/** A stream of twice the limit, with answers within a few milliseconds. */
const steady = ({ limit, windowMs }: JudgedPolicy, windows: number): readonly Request[] =>
  Array.from({ length: Math.ceil(2 * limit * windows) }, () => ({ gap: windowMs / limit / 2, there: 1, back: 1 }));

/** A second into the window that has fixed ends. */
const atOnce = (count: number): readonly Request[] =>
  Array.from({ length: count }, (_, index) => ({ gap: index === 0 ? 1000 : 0, there: 3, back: 3 }));

for (const algorithm of algorithms) {
  const usual: JudgedPolicy = { algorithm, limit: 20, windowMs: 4000 };
  void describe(`bounds of ${algorithm}`, () => {
    void it('find no fault in the algorithm, whatever the order and the time on the way', () => {
      fc.assert(
        fc.property(policies(algorithm), requests(40), (policy, sent) => {
          const verdict = judge(policy, seenOf(sent, exactLimiter(policy)), 0);
          assert.deepEqual(
            { over: verdict.over, under: verdict.under, wronglyRefused: verdict.wronglyRefused },
            { over: 0, under: 0, wronglyRefused: 0 },
            JSON.stringify(verdict),
          );
          assert.ok(verdict.lower <= verdict.admitted && verdict.admitted <= verdict.upper);
        }),
        { numRuns: 300 },
      );
    });

    void it('are narrow for a steady stream', () => {
      const { lower, admitted, upper } = judge(usual, seenOf(steady(usual, 2.5), exactLimiter(usual)));
      // A token that waits for the next request is lost where there is no burst: by how much depends on when requests come.
      const most = algorithm === 'leaky-bucket' ? 0.4 : 0.1;
      assert.ok(upper - lower <= most * admitted, `${lower} … ${upper} around ${admitted}`);
      assert.ok(lower > 0);
    });

    void it('see one request too many in a burst', () => {
      const loose = { ...usual, limit: 21, ...(algorithm === 'leaky-bucket' ? { burst: 2 } : {}) };
      assert.ok(judge(usual, seenOf(atOnce(60), exactLimiter(loose))).over > 0);
    });

    void it('see two replicas that count apart', () => {
      const replicas = [exactLimiter(usual), exactLimiter(usual)];
      let turn = 0;
      const apart: Limiter = (at) => replicas[turn++ % 2]?.(at) ?? false;
      assert.ok(judge(usual, seenOf(steady(usual, 2.5), apart)).over > 0);
    });

    void it('see a limit that is too tight', () => {
      const tight = { ...usual, limit: 11 };
      const { under, wronglyRefused } = judge(usual, seenOf(steady(usual, 2.5), exactLimiter(tight)));
      assert.ok(wronglyRefused > 0);
      // Without a burst, tokens that wait for the next request are lost, and the bound on the sum leaves room for that.
      assert.ok(under > 0 || algorithm === 'leaky-bucket');
    });

    void it('see a limiter that admits everything', () => {
      assert.ok(
        judge(
          usual,
          seenOf(steady(usual, 2.5), () => true),
        ).over > 0,
      );
    });

    void it('see refused requests that are counted', () => {
      // The peer's defect: who keeps asking stays out for ever.
      let lastAsked = -Infinity;
      const exact = exactLimiter(usual);
      const spiteful: Limiter = (at) => {
        const early = at - lastAsked < 300 && lastAsked > epoch + 4000;
        lastAsked = at;
        return !early && exact(at);
      };
      assert.ok(judge(usual, seenOf(steady(usual, 3), spiteful)).wronglyRefused > 0);
    });
  });
}

void it('an algorithm without a bound is refused', () => {
  const odd = { algorithm: 'concurrency', limit: 1, windowMs: 1 } as unknown as JudgedPolicy;
  assert.throws(() => judge(odd, []), /no bound is known for concurrency/);
});

void it('an answer that never came counts as either', () => {
  const policy: JudgedPolicy = { algorithm: 'sliding-log', limit: 2, windowMs: 1000 };
  const at = (sent: number, admitted: boolean | null): Seen => ({ sent, received: sent + 1, admitted });
  const lost = [at(0, true), at(10, null), at(20, false)];
  assert.deepEqual(judge(policy, lost).wronglyRefused, 0);
  const known = [at(0, true), at(20, false)];
  assert.deepEqual(judge(policy, known).wronglyRefused, 1);
});
