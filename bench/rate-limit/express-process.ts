// One measurement of a middleware in a process of its own: `express-process.ts <subject> <load>` prints requests a second of processor time. With `serve` it is an express
// application that prints its port.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { rateLimit as peerRateLimit } from 'express-rate-limit';
import { rateLimit } from '@simfleet/http';
import type { Middleware } from '@simfleet/http';
import type { Rule } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { systemClock } from '@simfleet/runtime';

const [subject = '', load = ''] = process.argv.slice(2);

/** Reached at once, or never; of many addresses so low that what is counted for each still counts when it comes again, as the peer keeps it, too. */
const limits: Readonly<Record<string, number>> = { refusals: 1, '10,000 keys': 1000 };
const limit = limits[load] ?? 1_000_000_000;
const windowMs = 60_000;

const rules: Readonly<Record<string, Rule>> = {
  'fixed-window': { name: 'calls', algorithm: 'fixed-window', limit, windowMs },
  'token-bucket': { name: 'calls', algorithm: 'token-bucket', limit, windowMs },
  'sliding-log': { name: 'calls', algorithm: 'sliding-log', limit, windowMs },
};

/** As its documentation recommends, and its checks of mistakes in the set-up off. The headers of draft 8 are nearest to ours; those of draft 6 cost less. */
const peer = (standardHeaders: 'draft-6' | 'draft-8'): Middleware =>
  peerRateLimit({
    windowMs,
    limit,
    standardHeaders,
    legacyHeaders: false,
    validate: false,
  }) as unknown as Middleware;

const ours = (name: string): Middleware => {
  const rule = rules[name];
  if (rule === undefined) throw new Error(`there is no subject ${name}`);
  return rateLimit({ store: openMemoryLimiterStore({ clock: systemClock }), rules: [rule] });
};

const none: Middleware = (_request, _response, next) => next();

const subjects: Readonly<Record<string, () => Middleware>> = {
  none: () => none,
  'peer, draft 8': () => peer('draft-8'),
  'peer, draft 6': () => peer('draft-6'),
};

const middleware = (subjects[subject] ?? (() => ours(subject)))();

/** What both need of a request and its answer; headers are kept as Node keeps them before they are sent. */
const exchange = (address: string, done: () => void) => {
  const headers = new Map<string, unknown>();
  const response = {
    headersSent: false,
    destroyed: false,
    statusCode: 200,
    setHeader: (name: string, value: unknown) => headers.set(name.toLowerCase(), value),
    appendHeader: (name: string, value: unknown) => headers.set(name.toLowerCase(), value),
    getHeader: (name: string) => headers.get(name.toLowerCase()),
    writeHead: () => response,
    once: () => response,
    on: () => response,
    status: () => response,
    send: done,
    end: done,
  };
  const request = { ip: address, headers: {}, socket: { remoteAddress: address }, app: { get: () => false } };
  return { request: request as unknown as IncomingMessage, response: response as unknown as ServerResponse };
};

const addressOf = (index: number): string =>
  load === '10,000 keys' ? `10.0.${Math.trunc((index % 10_000) / 100)}.${index % 100}` : '192.0.2.1';

const one = (index: number): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => resolve();
    const { request, response } = exchange(addressOf(index), done);
    middleware(request, response, done);
  });

const run = async (count: number): Promise<number> => {
  const before = process.cpuUsage();
  for (let index = 0; index < count; index += 1) await one(index);
  const { user, system } = process.cpuUsage(before);
  return (count * 1e6) / (user + system);
};

if (load === 'serve') {
  const app = express();
  app.use(middleware);
  app.get('/', (_request, response) => void response.end('ok'));
  const server = app.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
} else {
  await run(100_000);
  console.log(Math.round(await run(500_000)));
  process.exit();
}
