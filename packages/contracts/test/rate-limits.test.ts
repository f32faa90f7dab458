import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimitPolicy } from '../src/index.ts';

const requests = {
  name: 'submission',
  measure: 'requests',
  per: 'user',
  rule: { algorithm: 'sliding-log', limit: 100, windowSeconds: 60 },
};

/** Paths of what is wrong. */
const faults = (change: Record<string, unknown>): readonly string[] => {
  const parsed = createRateLimitPolicy.safeParse({ ...requests, ...change });
  return parsed.success ? [] : [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))];
};

test('a policy of a name, a measure, a partition and a rule is on, of the API, and shares the limit while the store is away', () => {
  const { purpose, onStoreLoss, shadow, enabled, description } = createRateLimitPolicy.parse(requests);
  assert.deepEqual([purpose, onStoreLoss, shadow, enabled, description], ['api', 'share', false, true, '']);
});

test('sign-in and messages fail closed', () => {
  assert.deepEqual(faults({ purpose: 'sign-in' }), ['onStoreLoss']);
  assert.deepEqual(faults({ purpose: 'sms', onStoreLoss: 'open' }), ['onStoreLoss']);
  assert.deepEqual(faults({ purpose: 'sms', onStoreLoss: 'closed' }), []);
});

test('jobs are held by leases, of a customer, in no single operation', () => {
  const jobs = { measure: 'jobs-running', per: 'customer', onStoreLoss: 'open' };
  const rule = { algorithm: 'concurrency', limit: 10 };
  assert.deepEqual(faults({ ...jobs, rule }), []);
  assert.deepEqual(faults(jobs), ['rule.algorithm']);
  assert.deepEqual(faults({ ...jobs, rule, per: 'user', operations: ['createJob'] }), ['per', 'operations']);
  assert.deepEqual(faults({ ...jobs, rule, onStoreLoss: 'share' }), ['onStoreLoss']);
  assert.deepEqual(faults({ ...jobs, rule: { ...rule, leaseSeconds: 60 } }), []);
  assert.deepEqual(faults({ ...jobs, rule: { ...rule, leaseSeconds: 59 } }), ['rule.leaseSeconds']);
});

test('plans are of customers: what is counted by address has none', () => {
  const plans = { gold: { limit: 200 } };
  assert.deepEqual(faults({ plans }), []);
  assert.deepEqual(faults({ per: 'address', plans }), ['plans']);
  assert.deepEqual(faults({ per: 'address', plans: {} }), []);
});

test('windows are whole milliseconds up to 31 days, limits whole units below 2^53', () => {
  const withRule = (rule: Record<string, unknown>) => faults({ rule: { ...requests.rule, ...rule } });
  assert.deepEqual(withRule({ windowSeconds: 0.5 }), []);
  assert.deepEqual(withRule({ windowSeconds: 2_678_400 }), []);
  for (const windowSeconds of [0, -1, 0.0001, 1.00005, 2_678_400.001])
    assert.deepEqual(withRule({ windowSeconds }), ['rule.windowSeconds']);
  for (const limit of [0, -1, 1.5, 2 ** 53]) assert.ok(withRule({ limit }).includes('rule.limit'), String(limit));
  assert.deepEqual(withRule({ burst: 3 }), ['rule']);
  assert.deepEqual(withRule({ algorithm: 'token-bucket', burst: 3 }), []);
});

test('a bucket that could not be counted in whole numbers is refused, of a plan too', () => {
  const rule = { algorithm: 'token-bucket', limit: 1e9, windowSeconds: 86_400 };
  assert.deepEqual(faults({ rule }), ['rule.limit']);
  assert.deepEqual(faults({ rule: { ...rule, limit: 1e6, burst: 1e9 } }), ['rule.limit']);
  assert.deepEqual(faults({ rule: { ...rule, limit: 1e6 }, plans: { gold: { limit: 1e9 } } }), ['plans.gold.limit']);
  assert.deepEqual(faults({ plans: { gold: { limit: 1000, burst: 3 } } }), ['plans.gold.burst']);
});

test('an allotment is a part of the limit, of requests at the API that two of fit into, and of no leases', () => {
  const allotment = { share: 0.05 };
  assert.deepEqual(faults({ allotment }), []);
  assert.equal(createRateLimitPolicy.parse(requests).allotment, undefined);
  for (const share of [0, 0.009, 0.51, 1, '0.1', null])
    assert.deepEqual(faults({ allotment: { share } }), ['allotment.share']);
  assert.deepEqual(faults({ allotment: {} }), ['allotment.share']);
  assert.deepEqual(faults({ allotment: { share: 0.05, units: 3 } }), ['allotment']);
  assert.deepEqual(faults({ allotment: { share: 0.01 } }), ['allotment.share']);
  assert.deepEqual(faults({ allotment: { share: 0.02 } }), []);
  assert.deepEqual(faults({ allotment, rule: { algorithm: 'concurrency', limit: 100 } }), ['allotment']);
  assert.deepEqual(
    faults({ allotment, measure: 'paths', per: 'customer', rule: { ...requests.rule, algorithm: 'fixed-window' } }),
    ['allotment'],
  );
  assert.deepEqual(faults({ allotment, purpose: 'sign-in', onStoreLoss: 'closed' }), ['allotment']);
  const bucket = { ...requests.rule, algorithm: 'leaky-bucket' };
  assert.deepEqual(faults({ allotment, rule: bucket }), ['allotment.share']);
  assert.deepEqual(faults({ allotment, rule: { ...bucket, burst: 40 } }), []);
});
