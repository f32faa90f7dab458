import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimitPolicy } from '@simfleet/contracts';
import fc from 'fast-check';
import { ruleOfPolicy } from '../../src/policies/rule-of-policy.ts';
import { KnownRules } from '../../src/redis/known-rules.ts';

const most = Number.MAX_SAFE_INTEGER;
const units = fc.oneof(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: 200_000 }), fc.constant(most));
const windowSeconds = fc.oneof(
  fc.integer({ min: 1, max: 31 * 86_400_000 }).map((ms) => ms / 1000),
  fc.constantFrom(0.001, 1, 60, 3600, 31 * 86_400),
);
const bucket = fc.record({ limit: units, windowSeconds, burst: units }, { requiredKeys: ['limit', 'windowSeconds'] });
const rules = fc.oneof(
  ...(['sliding-log', 'sliding-counter', 'fixed-window'] as const).map((algorithm) =>
    fc.record({ algorithm: fc.constant(algorithm), limit: units, windowSeconds }),
  ),
  ...(['token-bucket', 'leaky-bucket'] as const).map((algorithm) => bucket.map((rule) => ({ algorithm, ...rule }))),
  fc.record({ algorithm: fc.constant('concurrency' as const), limit: units, leaseSeconds: windowSeconds }),
);

test('a policy that may be created has a rule that every store counts, for every plan', () => {
  fc.assert(
    fc.property(rules, units, (rule, limit) => {
      const given = { name: 'some', measure: 'requests', per: 'user', rule, plans: { gold: { limit } } };
      const parsed = createRateLimitPolicy.safeParse(given);
      if (!parsed.success) return;
      const known = new KnownRules();
      for (const plan of [undefined, 'gold']) known.wordsOf(ruleOfPolicy(parsed.data, plan));
    }),
    { numRuns: 2000 },
  );
});

test('a policy whose counter would not be exact, or whose log could grow without bound, is refused when it is made', () => {
  const pathsOf = (rule: object, plans = {}): readonly string[] => {
    const parsed = createRateLimitPolicy.safeParse({ name: 'some', measure: 'requests', per: 'user', rule, plans });
    return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('/'));
  };
  const counter = { algorithm: 'sliding-counter', limit: 2 ** 42, windowSeconds: 1.024 };
  assert.deepEqual(pathsOf(counter), []);
  assert.deepEqual(pathsOf({ ...counter, limit: 2 ** 42 + 1 }), ['rule/limit']);
  assert.deepEqual(pathsOf(counter, { gold: { limit: 2 ** 42 + 1 } }), ['plans/gold/limit']);
  const log = { algorithm: 'sliding-log', limit: 65_536, windowSeconds: 3600 };
  assert.deepEqual(pathsOf(log), []);
  assert.deepEqual(pathsOf({ ...log, limit: 65_537 }), ['rule/limit']);
  assert.deepEqual(pathsOf({ ...log, limit: 1_000_000, windowSeconds: 60 }), []);
  assert.deepEqual(pathsOf(log, { gold: { limit: 65_537 } }), ['plans/gold/limit']);
});
