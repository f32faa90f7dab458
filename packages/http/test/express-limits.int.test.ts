import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Rule } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { fakeClock } from '@simfleet/testing';
import express from 'express';
import { rateLimit } from '../src/index.ts';
import { parseList } from './structured-fields.ts';

const calls: Rule = { name: 'calls', algorithm: 'sliding-log', limit: 2, windowMs: 60_000 };
const places: Rule = { name: 'places', algorithm: 'token-bucket', limit: 60, burst: 3, windowMs: 60_000 };

/** An application whose callers name themselves. */
const start = async (t: TestContext, rules: readonly Rule[]) => {
  const clock = fakeClock();
  const app = express();
  const key = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): string => String(headers['user']);
  app.use(rateLimit({ store: openMemoryLimiterStore({ clock }), rules, key }));
  app.get('/', (_request, response) => void response.end('ok'));
  const server = app.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const call = (user = 'ann') => fetch(`http://127.0.0.1:${port}/`, { headers: { user } });
  return { clock, call };
};

const left = (response: Response) =>
  parseList(response.headers.get('ratelimit') ?? '').map(({ value, parameters: { r, t } }) => [value, r, t]);

test('an express application admits to the limit, refuses with the problem document, and admits again when told', async (t) => {
  const { clock, call } = await start(t, [calls]);
  assert.deepEqual(left(await call()), [['calls', 1, 60]]);
  assert.equal((await call()).status, 200);
  for (const wait of [60, 45]) {
    const refused = await call();
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, String(wait)]);
    assert.equal(refused.headers.get('content-type'), 'application/problem+json');
    assert.equal(refused.headers.get('cache-control'), 'no-store');
    assert.deepEqual(left(refused), [['calls', 0, wait]]);
    const problem = (await refused.json()) as Readonly<Record<string, unknown>>;
    assert.equal(problem['detail'], `the limit "calls" (2 in 60 s) is reached: try again in ${wait} s`);
    assert.deepEqual(problem['violated-policies'], ['calls']);
    await clock.advance(15_000);
  }
  assert.equal((await call('bob')).status, 200);
  await clock.advance(30_000);
  assert.equal((await call()).status, 200);
});

test('of two rules the one that refuses is named, and costs the other nothing', async (t) => {
  const { clock, call } = await start(t, [calls, places]);
  const violated = async (): Promise<unknown> => {
    const response = await call();
    return response.status === 200
      ? left(response)
      : ((await response.json()) as Readonly<Record<string, unknown>>)['violated-policies'];
  };
  await violated();
  assert.deepEqual(await violated(), [
    ['calls', 0, 60],
    ['places', 1, 2],
  ]);
  assert.deepEqual([await violated(), await violated()], [['calls'], ['calls']]);
  await clock.advance(60_000);
  assert.deepEqual(await violated(), [
    ['calls', 1, 60],
    ['places', 2, 1],
  ]);
});
