import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '@simfleet/testing';
import { connectClient, type TestClient } from './client.ts';
import { command, numbered } from './fixture.ts';
import { serve, type Served, type SocketSuite } from './suite.ts';

const bytes = 8192;
const limits = { budgetBytes: 256 * 1024, closeMs: 20_000 };

/** More than the buffers of two kernels hold, which no budget counts. */
const plenty = 4_000;

const subscribe = async (served: Served): Promise<TestClient> => {
  const client = await connectClient(served.url);
  await client.ask(command(['subscribe', 't'], ['send', 'in']));
  return client;
};

/** All that came after `in` is a gapless prefix of what was published; answers its length. */
const prefix = (client: TestClient): number => {
  const came = client.received.slice(1);
  assert.deepEqual(
    came,
    came.map((_, number) => numbered(number, bytes)),
  );
  return came.length;
};

/** Connections that a server's process still holds, as Linux tells; those that it let go of are in other states, whatever their clients do. */
const establishedAt = (port: number): number =>
  readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => Number.parseInt(local?.split(':')[1] ?? '', 16) === port && state === '01').length;

/** Clients that do not read. */
export const testBudget = (suite: SocketSuite): void => {
  test('a subscriber that does not read is closed with 4008 and has a gapless prefix; others get everything', async (t) => {
    const served = await serve(suite, t, { limits });
    const [slow, quick] = await Promise.all([subscribe(served), subscribe(served)]);
    slow.pause();
    const { published } = await served.publish({ topic: 't', count: plenty, bytes, untilSubscribers: 1 });
    assert.ok(published < plenty, 'the slow one was never closed');
    slow.resume();
    assert.deepEqual(await slow.end, { code: 4008, reason: 'slow-consumer' });
    assert.ok(prefix(slow) < published);
    await quick.messages(1 + published);
    assert.equal(prefix(quick), published);
    const { closes } = await served.reach('the end of the slow one', (state) => state.closes.length === 1);
    assert.deepEqual(
      closes.map(({ code, reason }) => ({ code, reason })),
      [{ code: 4008, reason: 'slow-consumer' }],
    );
  });

  test('a client that is sent more than it reads is closed with 4008, and `send` says so', async (t) => {
    const served = await serve(suite, t, { limits });
    const client = await connectClient(served.url);
    client.pause();
    client.send(command(['flood', { count: plenty, bytes }], ['send', 'never']));
    const { floods } = await served.reach('the end of the flood', (state) => state.floods.length === 1);
    assert.equal(floods[0]?.last, 'over-budget');
    client.resume();
    assert.deepEqual(await client.end, { code: 4008, reason: 'slow-consumer' });
    assert.deepEqual(
      client.received,
      Array.from({ length: floods[0].sent }, (_, number) => numbered(number, bytes)),
    );
  });

  test('a slow client that never reads again is ended all the same', async (t) => {
    const served = await serve(suite, t, { limits: { ...limits, closeMs: 300, pingMs: 3_000, pongMs: 3_000 } });
    const slow = await subscribe(served);
    slow.pause();
    await served.publish({ topic: 't', count: plenty, bytes, untilSubscribers: 0 });
    await served.reach('its end', (state) => state.connections === 0 && state.closes.length === 1);
    const { port } = new URL(served.url);
    const limitMs = (suite.traits.closeMs ?? 300) + 5_000;
    await until('the end of its connection', () => establishedAt(Number(port)) === 0, limitMs);
  });

  test('a client that takes its time within the budget keeps everything, and the server hears that it has read', async (t) => {
    const served = await serve(suite, t, { limits: { ...limits, budgetBytes: 2 ** 21 } });
    const client = await connectClient(served.url);
    client.pause();
    client.send(command(['flood', { count: plenty, bytes, untilWaiting: 2 ** 19 }]));
    const { floods, drains } = await served.reach('bytes that wait', (state) => state.floods.length === 1);
    assert.equal(floods[0]?.last, 'sent');
    assert.equal(drains, 0);
    client.resume();
    await client.messages(floods[0].sent);
    await served.reach('the drain', (state) => state.drains === 1);
    assert.equal(await client.ask('on we go'), 'on we go');
    assert.equal((await served.state()).closes.length, 0);
  });

  test('whoever sees bytes wait hears when they do no more, also of what has only just been sent', async (t) => {
    const served = await serve(suite, t, { limits });
    const client = await connectClient(served.url);
    client.send(command(['flood', { count: 6, bytes, untilWaiting: 0 }], ['send', 'sent']));
    const { floods } = await served.reach('the end of the flood', (state) => state.floods.length === 1);
    if (floods[0]?.sent !== 6) await served.reach('the drain', (state) => state.drains > 0);
    assert.equal((await client.messages((floods[0]?.sent ?? 0) + 1)).at(-1), 'sent');
  });

  test('a message longer than the budget goes to a client for which nothing waits', async (t) => {
    const served = await serve(suite, t, { limits: { ...limits, budgetBytes: 16 * 1024 } });
    const client = await connectClient(served.url);
    client.send(command(['flood', { count: 1, bytes: 2 ** 20 }]));
    assert.deepEqual(await client.messages(1), [numbered(0, 2 ** 20)]);
    assert.equal(await client.ask('and on'), 'and on');
  });

  test('a client that pings and does not read is closed too', async (t) => {
    const served = await serve(suite, t, { limits: { ...limits, budgetBytes: 16 * 1024, closeMs: 300 } });
    const client = await connectClient(served.url);
    client.pause();
    const pings = Array.from({ length: 1_000 }, () => ({ opcode: 9, payload: Buffer.alloc(125) }));
    await served.reach('its end', (state) => {
      if (state.closes.length === 0) client.frame(...pings);
      return state.closes.length === 1;
    });
  });
};
