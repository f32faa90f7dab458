import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobEstimate } from '@simfleet/contracts';
import { startPlatform } from './support/platform.ts';

const option = { spot: 100, strike: 100, rate: 0.05, volatility: 0.2, maturity: 1, type: 'call' };

const estimate = async (t: Parameters<typeof startPlatform>[0], spec: unknown) => {
  const platform = await startPlatform(t);
  const { status, body } = await platform.call('POST', '/v1/jobs:estimate', { spec });
  assert.equal(status, 200, JSON.stringify(body));
  return jobEstimate.parse(body);
};

test('a trial says how many paths a precision will take', async (t) => {
  const answer = await estimate(t, {
    serviceRef: { name: 'european-option' },
    parameters: option,
    precision: { metric: 'price', relativeError: '0.0002', confidence: '0.99' },
    shards: 2,
  });
  // σ of the pay-off is about 14.7 around 10.45: (2.576 · 14.7 / 0.00209)² ≈ 3.3·10^8.
  assert.ok(answer.paths !== null && answer.paths > 2e8 && answer.paths < 6e8, `${answer.paths}`);
  assert.ok((answer.seconds ?? 0) > 0);
  assert.equal(answer.shards, 2);
  assert.ok(Math.abs((answer.estimates[0]?.value ?? 0) - 10.45) < 1);
});

test('maxPaths bounds the estimate', async (t) => {
  const answer = await estimate(t, {
    serviceRef: { name: 'asian-option' },
    parameters: { ...option, steps: 252 },
    precision: { metric: 'price', relativeError: '0.0000001' },
    maxPaths: '5000',
  });
  assert.equal(answer.paths, 5000);
});

test('a trial of an exact engine says how long all of it takes', async (t) => {
  const answer = await estimate(t, { serviceRef: { name: 'prime-sieve' }, parameters: { limit: 10_000_000_000 } });
  assert.equal(answer.paths, 10_000_000_001);
  assert.ok(answer.pilot.paths > 0);
  assert.ok((answer.seconds ?? 0) > 0);
});

test('other requests are answered while a trial runs', async (t) => {
  const platform = await startPlatform(t);
  const spec = {
    serviceRef: { name: 'european-option' },
    parameters: option,
    precision: { metric: 'price', relativeError: '0.00001' },
  };
  let running = true;
  const trial = platform.call('POST', '/v1/jobs:estimate', { spec }).finally(() => (running = false));
  let answered = 0;
  while (running) {
    await platform.call('GET', '/healthz');
    answered += 1;
  }
  await trial;
  assert.ok(answered > 10, `${answered}`);
});
