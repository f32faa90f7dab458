import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimfleetError, socketCloses } from '@simfleet/contracts';
import { closeCodes } from '@simfleet/sockets';
import type { SocketVerb } from '@simfleet/sockets';
import { connectLiveSocket, openLiveSocket, until } from '@simfleet/testing';
import { echo, openHall, token } from './hall.ts';

const failing = (name: string, error: unknown, action = 'echo.use'): SocketVerb => ({
  ...{ name, operation: name, action },
  async handle() {
    throw error;
  },
});

test('messages behind `connect` wait for it, and are answered in their order, each before what its verb sends', async (t) => {
  const { url } = await openHall(t);
  const socket = connectLiveSocket(url);
  await socket.opened;
  socket.send(JSON.stringify({ id: 7, connect: { token } }));
  for (const id of [1, 1, 9]) socket.send(JSON.stringify({ id, echo: id }));
  await until('all answers', () => socket.messages.length === 7);
  const ids = socket.messages.map((each) => ('id' in each ? each.id : 'push'));
  assert.deepEqual(ids, [7, 1, 'push', 1, 'push', 9, 'push']);
});

test('a wrong token is told, then closed', async (t) => {
  const { url, lines } = await openHall(t);
  const socket = connectLiveSocket(url);
  await socket.opened;
  const answer = await socket.ask('connect', { token: 'wrong-token' });
  assert.deepEqual('error' in answer && answer.error.code, 'unauthenticated');
  assert.deepEqual(await socket.closed, { code: 4501, reason: 'unauthenticated' });
  assert.ok(!lines.join('').includes('wrong-token'));
});

test('what is no message of the protocol closes', async (t) => {
  const { url } = await openHall(t);
  const texts = [
    '',
    'hello',
    '[]',
    'null',
    '{"echo":1}',
    '{"id":0,"echo":1}',
    '{"id":"1","echo":1}',
    '{"id":1.5,"echo":1}',
  ];
  for (const message of [...texts, new TextEncoder().encode('{"id":1,"echo":1}')]) {
    const socket = await openLiveSocket({ url, token });
    socket.send(message);
    assert.deepEqual(await socket.closed, { code: 4504, reason: 'bad-request' }, String(message));
  }
});

test('what can be answered is answered by a problem, and the connection goes on', async (t) => {
  const verbs = [
    echo,
    failing('gone', new SimfleetError('not-found', 'there is no such thing')),
    failing('broken', new Error('hunter2')),
    failing('away', new SimfleetError('unavailable', 'the store is away')),
    failing('secret', null, 'forbidden.use'),
  ];
  const { url, lines, metrics } = await openHall(t, verbs);
  const socket = await openLiveSocket({ url, token });
  const refused = async (verb: string): Promise<readonly unknown[]> => {
    const answer = await socket.ask(verb, {});
    assert.ok('error' in answer, verb);
    assert.ok(!JSON.stringify(answer).includes('hunter2'));
    return [answer.error.code, answer.error.errors[0]?.pointer, answer.retryAfterMs];
  };
  assert.deepEqual(await refused('gone'), ['not-found', undefined, undefined]);
  assert.deepEqual(await refused('broken'), ['internal', undefined, undefined]);
  assert.deepEqual(await refused('away'), ['unavailable', undefined, 1000]);
  assert.deepEqual(await refused('secret'), ['forbidden', undefined, undefined]);
  assert.deepEqual(await refused('ecco'), ['invalid-request', '/ecco', undefined]);
  assert.deepEqual(await refused('__proto__'), ['invalid-request', '/__proto__', undefined]);
  assert.deepEqual(await refused('connect'), ['invalid-request', '/connect', undefined]);
  socket.send('{"id":99}');
  socket.send('{"id":99,"echo":1,"gone":1}');
  await until('both refusals', () => socket.messages.filter((each) => 'id' in each && each.id === 99).length === 2);
  assert.ok('ok' in (await socket.ask('echo', 1)));
  assert.equal(lines.filter((line) => line.includes('hunter2')).length, 1, 'a fault of ours is logged, once');
  const shown = await metrics.metrics();
  assert.match(shown, /simfleet_sockets_requests_total\{verb="gone",outcome="not-found"\} 1/);
  assert.match(shown, /simfleet_sockets_requests_total\{verb="unknown",outcome="invalid-request"\} 4/);
});

test('a limit refuses one message, with the time after which it may come again', async (t) => {
  const asked: unknown[] = [];
  const { url } = await openHall(t, undefined, {
    admission: {
      admitUpgrade: () => ({ admitCaller: () => undefined, end: () => undefined }),
      async admitMessage({ id }, operation) {
        asked.push([id, operation]);
        if (asked.length === 1) return { allowed: true };
        const error = new SimfleetError('unavailable', 'too many');
        return { allowed: false, error, retryAfterMs: asked.length === 2 ? 2500.2 : null };
      },
    },
  });
  const socket = await openLiveSocket({ url, token });
  assert.ok('ok' in (await socket.ask('echo', 1)));
  const [soon, never] = [await socket.ask('echo', 1), await socket.ask('echo', 1)];
  assert.equal('error' in soon && soon.retryAfterMs, 2501);
  assert.ok('error' in never);
  assert.ok('error' in (await socket.ask('ecco', 1)), 'what there is not costs as much');
  assert.deepEqual(asked, [...Array<unknown>(3).fill(['somebody', 'echo']), ['somebody', 'unknownVerb']]);
});

test('a flood of messages is refused beyond 256 that wait, not kept', async (t) => {
  const gate = Promise.withResolvers<void>();
  const slow: SocketVerb = { ...echo, handle: (call) => gate.promise.then(() => echo.handle(call)) };
  const { url } = await openHall(t, [slow]);
  const socket = await openLiveSocket({ url, token, by: 'header' });
  for (let id = 1; id <= 300; id++) socket.send(JSON.stringify({ id, echo: id }));
  await until('refusals', () => socket.messages.length === 300 - 257);
  gate.resolve();
  await until('answers', () => socket.messages.filter((each) => 'ok' in each).length === 257);
});

test('long messages are refused beyond 256 KiB that wait, not kept', async (t) => {
  const gate = Promise.withResolvers<void>();
  const slow: SocketVerb = { ...echo, handle: (call) => gate.promise.then(() => ({ ok: { id: call.peer.id } })) };
  const { url } = await openHall(t, [slow]);
  const socket = await openLiveSocket({ url, token, by: 'header' });
  const body = 'x'.repeat(30_000);
  for (let id = 1; id <= 20; id++) socket.send(JSON.stringify({ id, echo: body }));
  // One is at work, eight wait.
  await until('refusals', () => socket.messages.length === 20 - 9);
  gate.resolve();
  await until('answers', () => socket.messages.filter((each) => 'ok' in each).length === 9);
  assert.ok('ok' in (await socket.ask('echo', body)), 'there is room again');
});

test('codes of the protocol are those that the server of sockets closes with', () => {
  const ours = Object.values(closeCodes).map(({ code, reason }) => `${code} ${reason}`);
  for (const [reason, { code }] of Object.entries(socketCloses)) assert.ok(ours.includes(`${code} ${reason}`), reason);
});
