import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import type { LimiterStore, Rule } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { fakeClock, until } from '@simfleet/testing';
import express from 'express';
import { rateLimit } from '../src/index.ts';
import type { RateLimitOptions } from '../src/index.ts';
import { parseList } from './structured-fields.ts';

const two: Rule = { name: 'calls', algorithm: 'sliding-log', limit: 2, windowMs: 60_000 };
const oneAtOnce: Rule = { name: 'at-once', algorithm: 'concurrency', limit: 1, leaseMs: 60_000 };

/** A real express application with the limits before everything. */
const start = async (
  t: TestContext,
  options: Omit<RateLimitOptions, 'store'>,
  wrap = (store: LimiterStore) => store,
) => {
  const clock = fakeClock();
  const store = openMemoryLimiterStore({ clock });
  const app = express();
  app.set('env', 'test');
  app.use(rateLimit({ ...options, store: wrap(store) }));
  app.get('/', (_request, response) => void response.send('done'));
  app.get('/fails', () => {
    throw new Error('of the handler');
  });
  const server = createServer(app as RequestListener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const statuses = async (count: number, headers: Record<string, string> = {}, path = '/') => {
    const found: number[] = [];
    for (let i = 0; i < count; i += 1) found.push((await fetch(url + path, { headers })).status);
    return found;
  };
  return { url, clock, store, statuses };
};

const forged = (address: string) => ({ 'x-forwarded-for': address });

test('the middleware admits the limit, tells it, and refuses the next with a problem', async (t) => {
  const { url, statuses, clock } = await start(t, { rules: [two] });
  const first = await fetch(url);
  assert.equal(await first.text(), 'done');
  assert.equal(parseList(first.headers.get('ratelimit') ?? '')[0]?.parameters['r'], 1);
  assert.deepEqual(await statuses(1), [200]);
  const refused = await fetch(url);
  const body = (await refused.json()) as Record<string, unknown>;
  assert.deepEqual([refused.status, refused.headers.get('retry-after'), body['code']], [429, '60', 'quota-exceeded']);
  assert.deepEqual(body['violated-policies'], ['calls']);
  await clock.advance(60_000);
  assert.deepEqual(await statuses(3), [200, 200, 429]);
});

test('the middleware believes trusted proxies alone', async (t) => {
  const open = await start(t, { rules: [two] });
  assert.deepEqual(await open.statuses(2, forged('192.0.2.1')), [200, 200]);
  assert.deepEqual(await open.statuses(1, forged('192.0.2.2')), [429]);
  const behind = await start(t, { rules: [two], trustedProxies: ['loopback'] });
  assert.deepEqual(await behind.statuses(3, forged('192.0.2.1')), [200, 200, 429]);
  assert.deepEqual(await behind.statuses(1, forged('192.0.2.1, 192.0.2.2')), [200]);
});

test('what is under way is over with its answer, of a handler that throws too', async (t) => {
  const { statuses, store } = await start(t, { rules: [oneAtOnce] });
  assert.deepEqual(await statuses(1, {}, '/fails'), [500]);
  await until('its place is free', () => store.keys === 0);
  assert.deepEqual(await statuses(1), [200]);
});

test('a client that has gone before it was admitted holds nothing', async (t) => {
  const asked = Promise.withResolvers<void>();
  const answers = Promise.withResolvers<void>();
  const late = (store: LimiterStore): LimiterStore => ({
    ...{ description: 'late', shared: true },
    decide: (charges) => store.decide(charges),
    async decideOne(charge) {
      asked.resolve();
      await answers.promise;
      return store.decideOne(charge);
    },
    peek: (charge) => store.peek(charge),
    refund: (charge, at) => store.refund(charge, at),
    reset: (rule, key) => store.reset(rule, key),
    check: () => store.check(),
    close: () => store.close(),
  });
  const sockets: Socket[] = [];
  const key = ({ socket }: IncomingMessage): string => {
    sockets.push(socket);
    return 'all';
  };
  const { url, statuses } = await start(t, { rules: [oneAtOnce], key }, late);
  const gone = get(url);
  gone.on('error', () => undefined);
  await asked.promise;
  gone.destroy();
  await until('the server has noticed', () => sockets[0]?.destroyed === true);
  answers.resolve();
  assert.deepEqual(await statuses(1), [200]);
});

test('a store that is away answers 503, and another fault goes to the application', async (t) => {
  const failing =
    (error: Error) =>
    (store: LimiterStore): LimiterStore => ({
      ...{ description: 'failing', shared: true },
      decide: () => Promise.reject(error),
      decideOne: () => Promise.reject(error),
      peek: (charge) => store.peek(charge),
      refund: (charge, at) => store.refund(charge, at),
      reset: (rule, key) => store.reset(rule, key),
      check: () => store.check(),
      close: () => store.close(),
    });
  const away = await start(t, { rules: [two] }, failing(new SimfleetError('unavailable', 'away')));
  assert.deepEqual(await away.statuses(1), [503]);
  const broken = await start(t, { rules: [two], cost: () => Number.NaN });
  assert.deepEqual(await broken.statuses(1), [500]);
});
