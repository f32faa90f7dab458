import fc from 'fast-check';
import type { Algorithm, Rule } from '../rule.ts';

/** One thing that happens to a store. Rules and keys are told by number. */
export type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'decide'; readonly asks: readonly Ask[] }
  | { readonly do: 'peek'; readonly ask: Ask }
  /** Of an earlier admission, by number from the newest, maybe with another cost. */
  | { readonly do: 'refund'; readonly back: number; readonly cost: number | null }
  | { readonly do: 'reset'; readonly rule: number; readonly key: number }
  | { readonly do: 'change'; readonly rule: number; readonly limit: number; readonly burst: number };

export interface Ask {
  readonly rule: number;
  readonly key: number;
  readonly cost: number | undefined;
  readonly force: boolean;
  readonly lease: number;
}

const algorithms: readonly Algorithm[] = [
  'token-bucket',
  'leaky-bucket',
  'sliding-log',
  'sliding-counter',
  'fixed-window',
  'concurrency',
];

const anyLimit = fc.integer({ min: 1, max: 12 });
const anyWindow = fc.oneof(fc.constantFrom(1, 2, 7, 100, 333, 500, 1_000), fc.integer({ min: 1, max: 1_500 }));

export const anyRule = (name: string): fc.Arbitrary<Rule> =>
  fc
    .record({
      algorithm: fc.constantFrom(...algorithms),
      limit: anyLimit,
      windowMs: anyWindow,
      burst: fc.option(anyLimit),
    })
    .map(({ algorithm, limit, windowMs, burst }) => ruleOf(name, algorithm, limit, windowMs, burst));

export const ruleOf = (
  name: string,
  algorithm: Algorithm,
  limit: number,
  windowMs: number,
  burst: number | null,
): Rule => {
  if (algorithm === 'concurrency') return { name, algorithm, limit, leaseMs: windowMs };
  if (algorithm === 'token-bucket' || algorithm === 'leaky-bucket') {
    return { name, algorithm, limit, windowMs, ...(burst === null ? {} : { burst }) };
  }
  return { name, algorithm, limit, windowMs };
};

/** Mostly 1, at times nothing, a fraction (of which bucket and reference make the same whole parts), or more than fits. */
const anyCost = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 }).map((eighths) => eighths / 8) },
  { weight: 1, arbitrary: fc.integer({ min: 7, max: 15 }) },
);

const anyAsk = (rules: number, force: boolean): fc.Arbitrary<Ask> =>
  fc.record({
    rule: fc.nat(rules - 1),
    key: fc.nat(1),
    cost: anyCost,
    force: force ? fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0) : fc.constant(false),
    lease: fc.nat(4),
  });

const anyWait: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2_500 })),
});

const anyDecision = (rules: number, force: boolean): fc.Arbitrary<Step> =>
  fc.record({
    do: fc.constant('decide' as const),
    asks: fc.uniqueArray(anyAsk(rules, force), {
      minLength: 1,
      maxLength: 3,
      selector: ({ rule, key }) => rule * 2 + key,
    }),
  });

/** Everything that a store can be asked. */
export const anySteps = (rules: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 8, arbitrary: anyDecision(rules, true) },
      { weight: 5, arbitrary: anyWait },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('peek' as const), ask: anyAsk(rules, true) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('refund' as const),
          back: fc.nat(4),
          cost: fc.option(fc.integer({ min: 0, max: 20 }).map((eighths) => eighths / 8)),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('reset' as const), rule: fc.nat(rules - 1), key: fc.nat(1) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('change' as const),
          rule: fc.nat(rules - 1),
          limit: anyLimit,
          burst: anyLimit,
        }),
      },
    ),
    { minLength: 1, maxLength: 40, size: 'max' },
  );
