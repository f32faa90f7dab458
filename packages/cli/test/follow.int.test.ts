import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import type { JobResult, LiveEvent } from '@simfleet/contracts';
import { createClient } from '../src/connection/client.ts';
import { followJob } from '../src/watch/follow.ts';
import { aJob, aResult } from './support/builders.ts';
import { recordedTerminal } from './support/terminal.ts';

const time = '2026-01-01T00:00:00.000Z';
const progress: LiveEvent = { type: 'progress', time, progress: aJob().progress, estimates: [] };
const result: LiveEvent = { type: 'result', time, result: aResult() };
/** The second answer of a job that was extended after its first. */
const secondResult: LiveEvent = { type: 'result', time, result: aResult({ resultDigest: 'e'.repeat(64) }) };

const sse = (id: number, event: LiveEvent): string =>
  `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

const problem = (response: ServerResponse, status: number, code: string): void => {
  const body = {
    type: 'about:blank',
    title: code,
    status,
    detail: `told: ${code}`,
    instance: 'r1',
    code,
    retryable: false,
    errors: [],
  };
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
};

/** What a connection does; the last one serves all that follow. */
type Connection = (response: ServerResponse, after: number) => void;

/** A platform that knows one job; each watching connection plays the next part. */
const platform = async (
  t: TestContext,
  connections: readonly Connection[],
  over: () => JobResult | null = () => aResult(),
) => {
  const resumedAfter: number[] = [];
  const watch = (request: IncomingMessage, response: ServerResponse): void => {
    const after = Number(request.headers['last-event-id'] ?? 0);
    const play = connections[Math.min(resumedAfter.length, connections.length - 1)];
    resumedAfter.push(after);
    play?.(response, after);
  };
  const server = createServer((request, response) => {
    if (request.url === '/v1/jobs/job-1/events') return watch(request, response);
    const answer = over();
    if (answer === null) return problem(response, 409, 'job-not-over');
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, resumedAfter };
};

const follow = async (url: string, given: { signal?: AbortSignal; now?: () => number } = {}) => {
  const terminal = recordedTerminal(given.now === undefined ? {} : { now: given.now });
  const events: string[] = [];
  const trouble: (string | null)[] = [];
  const outcome = await followJob({
    client: createClient(terminal, () => Promise.resolve({ url, token: 'secret' })),
    terminal,
    jobId: 'job-1',
    signal: given.signal ?? new AbortController().signal,
    onEvent: (event) => events.push(event.type),
    onTrouble: (reason) => trouble.push(reason),
  }).catch((error: unknown) => ({ error }));
  return { outcome, events, trouble };
};

const open = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream' });

/** Sends events behind `after` and then ends, or cuts the line. */
const sends =
  (events: readonly LiveEvent[], { first = 1, cut = false, repeat = false } = {}): Connection =>
  (response, after) => {
    const text = events
      .map((event, index) => ({ id: first + index, event }))
      .filter(({ id }) => repeat || id > after)
      .map(({ id, event }) => sse(id, event))
      .join('');
    open(response).write(text, () => (cut ? response.destroy() : response.end()));
  };

test('events are told in order and the result ends it', async (t) => {
  const { url } = await platform(t, [sends([progress, progress, result])]);
  const { outcome, events, trouble } = await follow(url);
  assert.deepEqual(outcome, aResult());
  assert.deepEqual(events, ['progress', 'progress', 'result']);
  assert.deepEqual(trouble, []);
});

test('a stream that arrives byte by byte, with comments, is the same stream', async (t) => {
  const bytes = Buffer.from(
    `: heartbeat\n\nretry: 10\n\n${sse(1, { ...progress, type: 'progress' })}: é\n\n${sse(2, result)}`,
  );
  const { url } = await platform(t, [
    (response) => {
      open(response);
      for (const byte of bytes) response.write(Buffer.from([byte]));
      response.end();
    },
  ]);
  assert.deepEqual((await follow(url)).events, ['progress', 'result']);
});

test('a cut connection is resumed behind the last event, told once, and nothing is lost or doubled', async (t) => {
  const all = [progress, progress, progress, result];
  const { url, resumedAfter } = await platform(t, [
    sends(all.slice(0, 2), { cut: true }),
    // Half an event, then gone.
    (response) => void open(response).write('id: 3\ndata: {"type":"prog', () => response.destroy()),
    sends(all, { repeat: true }),
  ]);
  const { outcome, events, trouble } = await follow(url);
  assert.deepEqual(outcome, aResult());
  assert.deepEqual(resumedAfter, [0, 2, 2]);
  assert.deepEqual(events, ['progress', 'progress', 'progress', 'result']);
  assert.equal(trouble.at(-1), null);
});

test('a platform that ends the stream while it stops, and is starting for a while, is waited for', async (t) => {
  const { url, resumedAfter } = await platform(t, [
    sends([progress]),
    (response) => problem(response, 503, 'unavailable'),
    (response) => response.destroy(),
    sends([progress, result]),
  ]);
  const { outcome, events } = await follow(url);
  assert.deepEqual(outcome, aResult());
  assert.deepEqual(resumedAfter, [0, 1, 1, 1]);
  assert.deepEqual(events, ['progress', 'result']);
});

test('the result of a job that was extended since does not end it', async (t) => {
  let over = false;
  const extended = [progress, result, progress, secondResult];
  const { url, resumedAfter } = await platform(
    t,
    [
      sends(extended.slice(0, 2)),
      (response, after) => {
        over = true;
        sends(extended)(response, after);
      },
    ],
    () => (over ? secondResult.result : null),
  );
  const { outcome, events } = await follow(url);
  assert.equal((outcome as JobResult).resultDigest, 'e'.repeat(64));
  assert.deepEqual(resumedAfter, [0, 2]);
  assert.deepEqual(events, ['progress', 'result', 'progress', 'result']);
});

for (const [status, code] of [
  [404, 'not-found'],
  [401, 'unauthenticated'],
  [403, 'forbidden'],
  [422, 'invalid-request'],
] as const)
  test(`a refusal (${code}) ends it at once`, async (t) => {
    const { url, resumedAfter } = await platform(t, [(response) => problem(response, status, code)]);
    const { outcome } = await follow(url);
    assert.equal(errorCode((outcome as { error: unknown }).error), code);
    assert.equal(resumedAfter.length, 1);
  });

test('a platform that stays away is given up after two minutes', async (t) => {
  const { url, resumedAfter } = await platform(t, [(response) => problem(response, 503, 'unavailable')]);
  let now = 0;
  const { outcome, trouble } = await follow(url, { now: () => (now += 10_000) });
  assert.equal(errorCode((outcome as { error: unknown }).error), 'unavailable');
  assert.deepEqual(trouble, ['told: unavailable']);
  assert.ok(resumedAfter.length > 5 && resumedAfter.length < 20, `${resumedAfter.length} attempts`);
});

test('an interruption ends it although the stream is open', async (t) => {
  const interrupt = new AbortController();
  const { url } = await platform(t, [
    (response) =>
      void open(response).write(sse(1, progress), () => setImmediate(() => interrupt.abort(new Error('ctrl-C')))),
  ]);
  const { outcome } = await follow(url, { signal: interrupt.signal });
  assert.match(String((outcome as { error: unknown }).error), /ctrl-C/);
});
