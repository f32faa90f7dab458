import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import { fakeClock, until } from '@simfleet/testing';
import { defineRoute } from '../src/index.ts';
import type { Authorizer, HttpServerOptions, RequestContext, SseEvent } from '../src/index.ts';
import { defaultStreamLimits, frame } from '../src/sse/stream-events.ts';
import { serving, token } from './serving.ts';

type Source = (request: RequestContext) => AsyncIterable<SseEvent>;

const streaming = (t: TestContext, source: Source, given: Partial<HttpServerOptions> = {}) =>
  serving(
    t,
    [
      defineRoute({
        method: 'get',
        path: '/v1/events',
        operationId: 'watch',
        tag: 'test',
        summary: 'Events.',
        action: 'test.watch',
        responses: { 200: { description: 'Events.', contentType: 'text/event-stream' } },
        handle: (request) => Promise.resolve({ events: source(request) }),
      }),
    ],
    given,
  );

/** 1, 2, 3, … after the id that the client saw last, up to `last`; then waits until the request ends. */
const counting = (last: number, forever = false): Source =>
  async function* ({ lastEventId, signal }) {
    for (let id = Number(lastEventId ?? 0) + 1; id <= last; id++)
      yield { id: String(id), event: 'count', data: { id } };
    if (forever) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  };

const idsOf = (text: string): readonly number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

test('events arrive in order, in the form of the standard', async (t) => {
  const { call } = await streaming(t, counting(2));
  const response = await call('/v1/events');
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const events = ['id: 1\nevent: count\ndata: {"id":1}\n\n', 'id: 2\nevent: count\ndata: {"id":2}\n\n'];
  assert.equal(await response.text(), ['retry: 1000\n\n', ...events].join(''));
});

test('a client resumes behind the last event it saw, by header or by parameter', async (t) => {
  const { call } = await streaming(t, counting(5));
  const byHeader = await call('/v1/events', { headers: { 'last-event-id': '3' } });
  assert.deepEqual(idsOf(await byHeader.text()), [4, 5]);
  assert.deepEqual(idsOf(await (await call('/v1/events?lastEventId=4')).text()), [5]);
  const both = await call('/v1/events?lastEventId=1', { headers: { 'last-event-id': '4' } });
  assert.deepEqual(idsOf(await both.text()), [5]);
});

test('an event is one block of lines, whatever it holds', () => {
  const text = frame({ id: '1\n2', event: 'a\r\nid: 9', data: { text: 'line\n\nid: 7\n' } });
  assert.equal(text, 'id: 12\nevent: aid: 9\ndata: {"text":"line\\n\\nid: 7\\n"}\n\n');
});

test('HEAD answers without asking for events', async (t) => {
  const { call } = await streaming(t, () => ({ [Symbol.asyncIterator]: () => assert.fail('was asked for events') }));
  const response = await call('/v1/events', { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
});

test('a quiet stream carries a comment every 15 seconds', async (t) => {
  const clock = fakeClock();
  const { call } = await streaming(t, counting(0, true), { clock });
  const response = await call('/v1/events');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(reader);
  let text = '';
  const reading = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  })();
  await until('the head of the stream', () => text.includes('retry'));
  await clock.advance(14_999);
  assert.doesNotMatch(text, /:\n\n$/);
  await clock.advance(1);
  await until('a heartbeat', () => text === 'retry: 1000\n\n:\n\n');
  await clock.advance(15_000);
  await until('another heartbeat', () => text === 'retry: 1000\n\n:\n\n:\n\n');
  await reader.cancel();
  await reading;
});

test('a client that leaves ends its source', async (t) => {
  let ended = false;
  const { call } = await streaming(t, async function* (request) {
    try {
      yield* counting(1, true)(request);
    } finally {
      ended = true;
    }
  });
  const leave = new AbortController();
  const response = await call('/v1/events', { signal: leave.signal });
  assert.equal(response.status, 200);
  leave.abort();
  await until('the source ended', () => ended);
});

test('a stop of the server ends streams cleanly, so that clients resume elsewhere', async (t) => {
  const { server, call } = await streaming(t, counting(3, true));
  const response = await call('/v1/events');
  const text = response.text();
  await server.stop();
  assert.deepEqual(idsOf(await text), [1, 2, 3]);
});

test('a stream whose token is taken back, or may do something else, ends within a look; others go on, also while tokens cannot be told', async (t) => {
  const clock = fakeClock();
  const ann: Principal = { id: 'ann', kind: 'user', customers: ['acme'] };
  const tokens = new Map([
    ['hers', ann],
    ['his', { ...ann, id: 'ben' }],
    ['theirs', { ...ann, id: 'cid' }],
  ]);
  let away = false;
  const authorizer: Authorizer = {
    async authenticate(given) {
      if (away) throw new SimfleetError('unavailable', 'planted: the store of tokens is away');
      const principal = tokens.get(given ?? '');
      return principal === undefined ? null : { ...principal };
    },
    permits: () => true,
  };
  const { call } = await streaming(t, counting(3, true), { authorizer, clock });
  const over = new Set<string>();
  const open = async (whose: string): Promise<string> => {
    const response = await call('/v1/events', { headers: { authorization: `Bearer ${whose}` } });
    const text = response.text().catch(() => '');
    void text.then(() => over.add(whose));
    return whose;
  };
  await Promise.all([...tokens.keys()].map(open));
  const look = async (): Promise<void> => {
    // The server has one of its own, the watch over tokens one for all, and each stream its heartbeat.
    await until('all timers', () => clock.waiting === 1 + 1 + (3 - over.size));
    await clock.advance(30_000);
  };
  await look();
  away = true;
  tokens.delete('hers');
  await look();
  assert.equal(over.size, 0);
  away = false;
  await look();
  await until('the end of hers', () => over.size === 1);
  tokens.set('his', { ...ann, id: 'ben', customers: [] });
  await look();
  await until('the end of his', () => over.size === 2);
  await look();
  assert.deepEqual([...over], ['hers', 'his']);
  assert.equal((await call('/v1/events', { headers: { authorization: 'Bearer hers' } })).status, 401);
});

test('a stream that is over leaves no timer behind, however it ended', async (t) => {
  const clock = fakeClock();
  const ends = [counting(2), counting(2, true)];
  const { call } = await streaming(t, (request) => (ends.shift() ?? counting(0))(request), { clock });
  await (await call('/v1/events')).text();
  // That of the server itself.
  await until('the first is over', () => clock.waiting === 1);
  const leave = new AbortController();
  await call('/v1/events', { signal: leave.signal });
  await until('the second is open', () => clock.waiting === 3);
  leave.abort();
  await until('the second is over', () => clock.waiting === 1);
});

test('a source that breaks in the middle is logged, and cuts the connection', async (t) => {
  const { call, log } = await streaming(t, async function* () {
    yield await Promise.resolve({ id: '1', data: 1 });
    throw new Error('source is broken');
  });
  const response = await call('/v1/events');
  await response.text().catch(() => undefined);
  await until('the fault is logged', () => log.entries().some(({ level }) => level === 'error'));
});

/** A client that asks and then reads nothing. */
const deafClient = (t: TestContext, port: number) => {
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(`GET /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
  });
  socket.pause();
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  return socket;
};

test('a source is asked for no more than a client reads', async (t) => {
  let yielded = 0;
  const { port } = await streaming(t, async function* () {
    for (;;) yield await Promise.resolve({ id: String(++yielded), data: 'x'.repeat(10_000) });
  });
  const client = deafClient(t, port);
  await until('the stream stands still', async () => {
    const before = yielded;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return before > 0 && yielded === before;
  });
  assert.ok(yielded * 10_000 < 50_000_000);
  client.destroy();
});

for (const [name, limits, size] of [
  ['whose buffer passes its limit', { bufferBytes: 100_000 }, 20_000_000],
  ['that reads nothing for long', { stallMs: 50 }, 10_000],
] as const) {
  test(`a client ${name} is dropped, so that it resumes`, async (t) => {
    const { port, log } = await streaming(
      t,
      async function* () {
        for (let id = 1; ; id++) yield await Promise.resolve({ id: String(id), data: 'x'.repeat(size) });
      },
      { limits: { stream: { ...defaultStreamLimits, ...limits } } },
    );
    deafClient(t, port);
    await until('the client is dropped', () =>
      log.entries().some(({ message }) => message === 'dropped a stream whose client reads too slowly'),
    );
    await until('its connection is closed', () => log.entries().some(({ message }) => message === 'request'));
  });
}
