import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitPolicy } from '@simfleet/contracts';
import fc from 'fast-check';
import { compilePolicies } from '../../src/index.ts';
import type { PolicyCharge, RequestFacts } from '../../src/index.ts';

const policy = (change: Partial<LimitPolicy> = {}): LimitPolicy => ({
  name: 'submission',
  description: '',
  measure: 'requests',
  per: 'user',
  purpose: 'api',
  rule: { algorithm: 'sliding-log', limit: 100, windowSeconds: 60 },
  onStoreLoss: 'share',
  shadow: false,
  enabled: true,
  ...change,
});

const facts = (change: Partial<RequestFacts> = {}): RequestFacts => ({
  operation: 'createJob',
  general: true,
  keys: { user: 'user/ann', everyone: 'all' },
  lease: 'request-1',
  ...change,
});

const names = (charges: readonly PolicyCharge[]) => charges.map(({ charge }) => charge.rule.name);
const enforced = (policies: readonly LimitPolicy[], change: Partial<RequestFacts> = {}) =>
  compilePolicies(policies).matching(facts(change)).enforced;

test('a policy of some operations holds for those, one of none for all that are limited at all', () => {
  const some = policy({ name: 'some', operations: ['createJob', 'openSocket'] });
  const all = [some, policy({ name: 'all' })];
  assert.deepEqual(names(enforced(all)), ['all', 'some']);
  assert.deepEqual(names(enforced(all, { operation: 'getJob' })), ['all']);
  assert.deepEqual(names(enforced(all, { general: false })), ['some']);
  assert.deepEqual(names(enforced(all, { operation: 'report', general: false })), []);
});

test('a policy holds only where its partition is known', () => {
  const all = (['address', 'user', 'api-key', 'customer', 'everyone'] as const).map((per) =>
    policy({ name: per, per }),
  );
  assert.deepEqual(names(enforced(all)), ['everyone', 'user']);
  assert.deepEqual(names(enforced(all, { keys: { address: '127.0.0.1' } })), ['address']);
});

test('users and customers of the same name are counted apart', () => {
  const of = (per: LimitPolicy['per']) => enforced([policy({ per })], { keys: { [per]: 'acme' } })[0]?.charge.key;
  assert.notEqual(of('user'), of('customer'));
});

test('a plan has limits of its own, and a plan of no such name the limits of the rule', () => {
  const plans = { gold: { limit: 500 }, huge: { limit: 1000, burst: 2000 } };
  const bucket = { algorithm: 'token-bucket', limit: 100, windowSeconds: 0.5, burst: 7 } as const;
  const ruleOf = (plan?: string) => enforced([policy({ rule: bucket, plans })], { plan })[0]?.charge.rule;
  const base = { name: 'submission', algorithm: 'token-bucket', windowMs: 500 };
  assert.deepEqual(ruleOf(), { ...base, limit: 100, burst: 7 });
  assert.deepEqual(ruleOf('silver'), { ...base, limit: 100, burst: 7 });
  assert.deepEqual(ruleOf('constructor'), { ...base, limit: 100, burst: 7 });
  assert.deepEqual(ruleOf('gold'), { ...base, limit: 500 });
  assert.deepEqual(ruleOf('huge'), { ...base, limit: 1000, burst: 2000 });
});

test('limits on what is under way name the request', () => {
  const rule = { algorithm: 'concurrency', limit: 3 } as const;
  assert.deepEqual(enforced([policy({ rule })])[0]?.charge, {
    rule: { name: 'submission', algorithm: 'concurrency', limit: 3, leaseMs: 60_000 },
    key: 'user:user/ann',
    lease: 'request-1',
  });
});

test('quotas of jobs are no limits of requests, and are found by their measure', () => {
  const jobs = policy({
    name: 'running',
    measure: 'jobs-running',
    per: 'customer',
    rule: { algorithm: 'concurrency', limit: 5, leaseSeconds: 30 },
    plans: { gold: { limit: 50 } },
  });
  const compiled = compilePolicies([jobs, policy()]);
  assert.deepEqual(names(compiled.matching(facts({ keys: { customer: 'acme' } })).enforced), []);
  const limits = ['gold', undefined].map((plan) => compiled.rules('jobs-running', plan)[0]?.rule);
  assert.deepEqual(
    limits,
    [50, 5].map((limit) => ({ name: 'running', algorithm: 'concurrency', limit, leaseMs: 30_000 })),
  );
  assert.deepEqual(compiled.rules('paths'), []);
});

test('what happens without the store is the policy’s to say, while it is off too', () => {
  const compiled = compilePolicies([policy({ onStoreLoss: 'closed', enabled: false })]);
  assert.equal(compiled.onLoss({ name: 'submission' }), 'closed');
  assert.equal(compiled.onLoss({ name: 'gone' }), 'open');
});

test('whether an operation asks for a partition at all is known beforehand', () => {
  const compiled = compilePolicies([policy({ per: 'api-key', operations: ['createJob'] })]);
  assert.equal(compiled.uses('api-key', 'createJob', true), true);
  assert.equal(compiled.uses('api-key', 'getJob', true), false);
  assert.equal(compiled.uses('user', 'createJob', true), false);
});

const partitions = fc.constantFrom<LimitPolicy['per']>('address', 'user', 'api-key', 'customer', 'everyone');
const operation = fc.constantFrom('createJob', 'getJob', 'listJobs');
const somePolicies = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z]{1,8}$/),
    per: partitions,
    operations: fc.option(fc.array(operation, { minLength: 1 }), { nil: undefined }),
    shadow: fc.boolean(),
    enabled: fc.boolean(),
    limit: fc.integer({ min: 1, max: 1e9 }),
    plans: fc.option(
      fc.dictionary(fc.constantFrom('gold', 'silver'), fc.record({ limit: fc.integer({ min: 1, max: 1e9 }) })),
    ),
  }),
  { selector: ({ name }) => name },
);
const someFacts = fc.record({
  operation,
  general: fc.boolean(),
  keys: fc.dictionary(partitions, fc.string()),
  plan: fc.constantFrom('gold', 'silver', 'none', undefined),
  lease: fc.constant('r'),
});

test('each policy that applies is asked once, shadow ones apart, by the limit of the plan, whatever the order of the list', () => {
  fc.assert(
    fc.property(somePolicies, someFacts, (given, request) => {
      const policies = given.map(({ limit, plans, operations, ...rest }) =>
        policy({
          ...rest,
          rule: { algorithm: 'fixed-window', limit, windowSeconds: 1 },
          ...(plans === null ? {} : { plans }),
          ...(operations === undefined ? {} : { operations }),
        }),
      );
      const { enforced: strict, shadow } = compilePolicies(policies).matching(request);
      const applies = (each: LimitPolicy): boolean =>
        each.enabled &&
        Object.hasOwn(request.keys, each.per) &&
        (each.operations === undefined ? request.general : each.operations.includes(request.operation));
      const expected = policies.filter(applies).sort((a, b) => (a.name < b.name ? -1 : 1));
      const limitOf = ({ rule, plans }: LimitPolicy): number => plans?.[request.plan ?? '']?.limit ?? rule.limit;
      const told = (charges: readonly PolicyCharge[]) => charges.map(({ charge: { rule } }) => [rule.name, rule.limit]);
      const wanted = (isShadow: boolean) =>
        expected.filter((each) => each.shadow === isShadow).map((each) => [each.name, limitOf(each)]);
      assert.deepEqual([told(strict), told(shadow)], [wanted(false), wanted(true)]);
      const reversed = compilePolicies(policies.toReversed()).matching(request);
      assert.deepEqual([told(reversed.enforced), told(reversed.shadow)], [wanted(false), wanted(true)]);
    }),
  );
});

test('rules are the same objects from request to request, so that what is remembered of them stays', () => {
  const compiled = compilePolicies([policy({ plans: { gold: { limit: 5 } } })]);
  for (const plan of [undefined, 'gold']) {
    const [a, b] = [1, 2].map(() => compiled.matching(facts({ plan })).enforced[0]?.charge.rule);
    assert.ok(a !== undefined && a === b);
  }
});
