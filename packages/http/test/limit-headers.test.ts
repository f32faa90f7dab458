import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, Rule } from '@simfleet/rate-limit';
import fc from 'fast-check';
import { createLimitHeaders } from '../src/limits/limit-headers.ts';
import type { Decided } from '../src/limits/limit-headers.ts';
import { refusalOf } from '../src/limits/refusal.ts';
import { parseList } from './structured-fields.ts';

const log: Rule = { name: 'job-submission', algorithm: 'sliding-log', limit: 100, windowMs: 60_000 };
const bucket: Rule = { name: 'api', algorithm: 'token-bucket', limit: 1200, windowMs: 60_000, burst: 50 };
const held: Rule = { name: 'at-once', algorithm: 'concurrency', limit: 3, leaseMs: 60_000 };

const decided = (rule: Rule, decision: Partial<Decision> = {}, key = 'user:ann'): Decided => ({
  charge: { rule, key },
  decision: { allowed: true, limit: rule.limit, remaining: 1, resetMs: 1, retryAfterMs: 0, at: 0, ...decision },
});
const refused = (rule: Rule, retryAfterMs: number | null, resetMs = 60_000): Decided =>
  decided(rule, { allowed: false, remaining: 0, resetMs, retryAfterMs });

/** Without the partition key, which has a test of its own. */
const shown = (field: string | undefined) =>
  parseList(field ?? '').map(({ value, parameters: { pk: _pk, ...parameters } }) => [value, parameters]);

test('every policy tells its quota and its window, its remaining quota and the time until all of it is back', () => {
  const headers = createLimitHeaders()([
    decided(log, { remaining: 99, resetMs: 59_001 }),
    decided(bucket, { limit: 50, remaining: 49, resetMs: 50 }),
  ]);
  assert.deepEqual(shown(headers['ratelimit-policy']), [
    ['job-submission', { q: 100, w: 60 }],
    ['api', { q: 1200, w: 60, 'simfleet-burst': 50 }],
  ]);
  assert.deepEqual(shown(headers['ratelimit']), [
    ['job-submission', { r: 99, t: 60 }],
    ['api', { r: 49, t: 1 }],
  ]);
  assert.equal(headers['retry-after'], undefined);
});

test('a limit on what is under way counts concurrent requests, in no window', () => {
  const headers = createLimitHeaders()([decided(held, { remaining: 2, resetMs: 60_000 })]);
  assert.deepEqual(shown(headers['ratelimit-policy']), [['at-once', { q: 3, qu: 'concurrent-requests' }]]);
  assert.deepEqual(shown(headers['ratelimit']), [['at-once', { r: 2 }]]);
});

test('a refusal says when to come back, rounded up, and no policy beside it a later time', () => {
  const headers = createLimitHeaders()([
    decided(log, { remaining: 7, resetMs: 60_000 }),
    refused(bucket, 1001),
    refused(held, 400),
  ]);
  assert.equal(headers['retry-after'], '2');
  assert.deepEqual(shown(headers['ratelimit']), [
    ['job-submission', { r: 7 }],
    ['api', { r: 0, t: 2 }],
    ['at-once', { r: 0, t: 1 }],
  ]);
});

test('what never fits has no time to come back at', () => {
  const headers = createLimitHeaders()([refused(log, 10), refused(bucket, null)]);
  assert.equal(headers['retry-after'], undefined);
  assert.deepEqual(refusalOf([refused(log, 10), refused(bucket, null)])?.refusal, {
    policies: ['job-submission', 'api'],
    retryAfterMs: null,
  });
});

test('the partition key tells keys apart and does not tell the key', () => {
  const headersOf = createLimitHeaders();
  const partition = (key: string) => {
    const [policy, limit] = ['ratelimit-policy', 'ratelimit'].map(
      (name) => parseList(headersOf([decided(log, {}, key)])[name] ?? '')[0]?.parameters['pk'],
    );
    assert.deepEqual(policy, limit);
    return Buffer.from(policy as Uint8Array).toString('hex');
  };
  assert.equal(partition('user:ann'), partition('user:ann'));
  assert.notEqual(partition('user:ann'), partition('user:bob'));
  assert.equal(partition('user:ann').length, 18);
});

test('nothing decided says nothing', () => assert.deepEqual(createLimitHeaders()([]), {}));

const rules: fc.Arbitrary<Rule> = fc.record({
  name: fc.string({
    minLength: 1,
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  }),
  algorithm: fc.constantFrom('sliding-log', 'fixed-window', 'token-bucket', 'leaky-bucket'),
  limit: fc.maxSafeInteger().map((value) => Math.max(1, Math.abs(value))),
  windowMs: fc.integer({ min: 1, max: 31 * 86_400_000 }),
});
const decisions: fc.Arbitrary<Decision> = fc
  .record({
    remaining: fc.double({ min: 0, max: 2 ** 53, noNaN: true }),
    resetMs: fc.nat(2 ** 31),
    wait: fc.option(fc.integer({ min: 1, max: 2 ** 31 })),
    allowed: fc.boolean(),
  })
  .map(({ remaining, resetMs, wait, allowed }) => ({
    ...{ allowed, limit: 1, at: 0, resetMs: Math.max(resetMs, allowed ? 0 : (wait ?? 0)) },
    remaining: allowed ? remaining : 0,
    retryAfterMs: allowed ? 0 : wait,
  }));

test('whatever was decided, the fields parse as lists of structured fields, and Retry-After is as late as every t', () => {
  const headersOf = createLimitHeaders();
  const some = fc.array(fc.tuple(rules, decisions, fc.string()), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(some, (all) => {
      const list = all.map(([rule, decision, key]) => ({ charge: { rule, key }, decision }));
      const headers = headersOf(list);
      const policies = parseList(headers['ratelimit-policy'] ?? '');
      const limits = parseList(headers['ratelimit'] ?? '');
      const names = all.map(([{ name }]) => name);
      assert.deepEqual(
        [policies, limits].map((items) => items.map(({ value }) => value)),
        [names, names],
      );
      for (const { parameters } of policies) assert.ok(Number(parameters['q']) >= 1 && Number(parameters['w']) >= 1);
      const after = headers['retry-after'];
      const waits = all.map(([, { retryAfterMs }]) => retryAfterMs);
      const isHopeless = waits.includes(null);
      assert.equal(after !== undefined, !isHopeless && all.some(([, { allowed }]) => !allowed));
      if (after === undefined) return;
      assert.match(after, /^[1-9]\d*$/);
      assert.ok(waits.every((ms) => Number(after) * 1000 >= (ms ?? 0)));
      for (const { parameters } of limits) assert.ok(Number(parameters['t'] ?? 0) <= Number(after));
    }),
  );
});
