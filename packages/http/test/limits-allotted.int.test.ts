import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import type { LimitPolicy, Principal } from '@simfleet/contracts';
import { allotStore, compilePolicies, guardStore } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { openRedisLimiterStore } from '@simfleet/rate-limit/redis';
import { createMetrics, systemClock as clock } from '@simfleet/runtime';
import { recordingLogger, redisMissing, startRedis } from '@simfleet/testing';
import type { TestRedis } from '@simfleet/testing';
import { openRequestLimits } from '../src/index.ts';
import type { RequestLimits } from '../src/index.ts';

const limit = 1_500;
const share = 0.04;
const replicas = 2;
const ann: Principal = { id: 'ann', kind: 'user', customers: ['acme'] };

/** A window longer than the test: what is admitted above the limit is admitted above the bound of the rule. */
const policy = (name: string, change: Partial<LimitPolicy>): LimitPolicy => ({
  ...{ name, description: '', measure: 'requests', per: 'user', purpose: 'api', onStoreLoss: 'closed' },
  ...{ shadow: false, enabled: true, rule: { algorithm: 'sliding-log', limit, windowSeconds: 600 } },
  ...change,
});

const open = async (t: TestContext, redis: TestRedis, policies: readonly LimitPolicy[]): Promise<RequestLimits> => {
  const compiled = compilePolicies(policies);
  const [metrics, { logger }] = [createMetrics(), recordingLogger()];
  const store = allotStore({
    store: guardStore({
      store: await openRedisLimiterStore({ url: redis.url, timeoutMs: 10_000 }),
      shares: openMemoryLimiterStore({ clock }),
      onLoss: compiled.onLoss,
      ...{ replicas, timeoutMs: 5_000, clock, metrics, logger },
    }),
    clock,
    allot: compiled.allotment,
  });
  t.after(() => store.close());
  return openRequestLimits({
    ...{ store, policies: () => compiled, planOf: () => undefined, trustedProxies: [], clock, metrics, logger },
  });
};

const ask = async (limits: RequestLimits): Promise<boolean> => {
  const arrived = { operation: 'createJob', general: true, headers: {}, remoteAddress: '192.0.2.1' };
  const request = limits.request(arrived);
  try {
    await request.byAddress();
    await request.byCaller({ principal: ann, token: null });
    await request.settle();
    return true;
  } catch (error) {
    assert.equal(errorCode(error), 'quota-exceeded');
    return false;
  } finally {
    request.end();
  }
};

/** Scripts that the server has run. */
const scriptsRun = async (redis: TestRedis): Promise<number> => {
  const stats = await redis.cli('INFO', 'commandstats');
  const counts = [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].map(([, calls]) => Number(calls));
  return counts.reduce((sum, calls) => sum + calls, 0);
};

/** What a hot user gets of two replicas that ask one at a time each, and what it costs the server. */
const press = async (t: TestContext, policies: readonly LimitPolicy[], count: number) => {
  const redis = await startRedis(t);
  const all = [await open(t, redis, policies), await open(t, redis, policies)];
  let [asked, admitted] = [0, 0];
  const one = async (limits: RequestLimits): Promise<void> => {
    while (asked < count) {
      asked += 1;
      if (await ask(limits)) admitted += 1;
    }
  };
  await Promise.all(all.map(one));
  return { asked, admitted, scripts: await scriptsRun(redis) };
};

const skip = redisMissing();
const most = limit + replicas * limit * share;
const allotment = { share };

test(
  'a hot user whose policies are allotted costs the server a fraction, and gets no more than the bound',
  { skip },
  async (t) => {
    const address = policy('addresses', {
      per: 'address',
      rule: { algorithm: 'token-bucket', limit: 100_000, windowSeconds: 60 },
      allotment,
    });
    const { asked, admitted, scripts } = await press(t, [address, policy('calls', { allotment })], 3_000);
    t.diagnostic(`${admitted} of ${asked} admitted with ${scripts} scripts`);
    assert.ok(admitted <= most, `${admitted} admitted of ${most} at most`);
    assert.ok(admitted >= limit - replicas * limit * share, `${admitted} admitted`);
    assert.ok(scripts < asked / 2, `${scripts} scripts for ${asked} requests of two policies each`);
  },
);

test('without an allotment it gets the limit, and every request is decided by the server', { skip }, async (t) => {
  const { asked, admitted, scripts } = await press(t, [policy('calls', {})], 2_000);
  assert.equal(admitted, limit);
  assert.ok(scripts >= asked, `${scripts} scripts for ${asked} requests`);
});
