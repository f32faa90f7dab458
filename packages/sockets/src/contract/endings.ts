import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { until } from '@simfleet/testing';
import { connectClient, refusedUpgrade } from './client.ts';
import { command } from './fixture.ts';
import { serve, type SocketSuite } from './suite.ts';

/** What a busy machine may add to the time that a stop has. */
const slackMs = 5_000;

/** How connections end, and that nothing is left of them. */
export const testEndings = (suite: SocketSuite): void => {
  const { traits } = suite;

  test('a client that closes is answered with its code, and the handler hears it once', async (t) => {
    const served = await serve(suite, t);
    for (const [code, reason] of [
      [1000, 'bye'],
      [4321, 'Grüße'],
      [1001, ''],
    ] as const) {
      const client = await connectClient(served.url);
      await client.ask('hello');
      client.close(code, reason);
      assert.equal((await client.end).code, code);
    }
    const silent = await connectClient(served.url);
    silent.close();
    await silent.end;
    const { closes } = await served.reach('four ends', (state) => state.closes.length === 4 && state.connections === 0);
    assert.deepEqual(
      closes.map(({ code, reason }) => [code, reason]),
      [
        [1000, 'bye'],
        [4321, 'Grüße'],
        [1001, ''],
        [1005, ''],
      ],
    );
  });

  test('a close of the server arrives after what was sent before it, and is heard once, outside of the call', async (t) => {
    const served = await serve(suite, t);
    const client = await connectClient(served.url);
    client.send(command(['send', 'one'], ['close', 4503, 'forbidden'], ['send', 'never'], ['close', 4000, 'late']));
    assert.deepEqual(await client.end, { code: 4503, reason: 'forbidden' });
    assert.deepEqual(client.received, ['one']);
    const { closes } = await served.reach('its end', (state) => state.closes.length === 1 && state.connections === 0);
    assert.deepEqual(closes, [{ ...closes[0], code: 4503, reason: 'forbidden', inCall: false }]);
  });

  test('a client that does not answer a close is ended', async (t) => {
    const served = await serve(suite, t, { limits: { closeMs: 200 } });
    const client = await connectClient(served.url, { answersClose: false });
    client.send(command(['close', 4000, 'go']));
    assert.equal((await client.end).code, 4000);
    await served.reach('its end', (state) => state.connections === 0);
  });

  test('a client that is killed is heard as 1006, once', async (t) => {
    const served = await serve(suite, t);
    const client = await connectClient(served.url);
    await client.ask(command(['subscribe', 't'], ['send', 'in']));
    client.kill();
    const { closes } = await served.reach('its end', (state) => state.connections === 0);
    assert.deepEqual(
      closes.map(({ code }) => code),
      [1006],
    );
  });

  test('a quiet client is pinged and stays; one that does not answer is ended', async (t) => {
    const served = await serve(suite, t, { limits: { pingMs: 300, pongMs: 3_000 } });
    const [alive, dead] = await Promise.all([
      connectClient(served.url),
      connectClient(served.url, { answersPings: false }),
    ]);
    assert.equal((await dead.end).code, 1006);
    await until('further pings', () => alive.pings() >= 5);
    const { connections, closes } = await served.state();
    assert.equal(connections, 1);
    assert.deepEqual(
      closes.map(({ code }) => code),
      [1006],
    );
  });

  test('who talks is not pinged', async (t) => {
    const served = await serve(suite, t, { limits: { pingMs: 1_000, pongMs: 500 } });
    const [talking, quiet] = await Promise.all([connectClient(served.url), connectClient(served.url)]);
    while (quiet.pings() < 2) await talking.ask('still here');
    assert.equal(talking.pings(), 0);
  });

  test('stopping tells everybody to come back, takes nobody new, and is over when all are gone', async (t) => {
    const served = await serve(suite, t, { limits: { closeMs: 300 } });
    const clients = await Promise.all(Array.from({ length: 20 }, () => connectClient(served.url)));
    const deaf = await connectClient(served.url, { answersClose: false });
    const half = connect(Number(new URL(served.url).port), '127.0.0.1');
    half.on('error', () => undefined);
    await once(half, 'connect');
    half.write('GET / HTTP/1.1\r\n');
    const [state] = await Promise.all([served.stop(), served.stop()]);
    for (const client of [...clients, deaf])
      assert.deepEqual(await client.end, { code: 1012, reason: 'service-restart' });
    assert.equal(state.connections, 0);
    assert.deepEqual(new Set(state.closes.map(({ code }) => code)), new Set([1012]));
    assert.equal(state.closes.length, 21);
    await assert.rejects(connectClient(served.url), /ECONNREFUSED/);
    half.destroy();
  });

  test('a thousand that talk are all told to come back, and nobody holds up the stop', async (t) => {
    const served = await serve(suite, t, { limits: { closeMs: 2_000 } });
    const clients = await Promise.all(Array.from({ length: 1_000 }, () => connectClient(served.url)));
    await Promise.all(clients.map((client) => client.ask(command(['subscribe', 'all'], ['send', 'in']))));
    let talking = true;
    const talk = async (): Promise<void> => {
      for (let number = 0; talking; number = (number + 1) % clients.length) {
        clients[number]?.send('more');
        if (number % 50 === 0) await turn();
      }
    };
    const all = talk();
    const began = performance.now();
    const { connections, closes } = await served.stop();
    // Its process ends, where it has one of its own: what the clients said last must not cost them the close.
    await served.end();
    const took = performance.now() - began;
    talking = false;
    await all;
    for (const client of clients) assert.deepEqual(await client.end, { code: 1012, reason: 'service-restart' });
    assert.deepEqual([connections, closes.length], [0, 1_000]);
    assert.ok(took < 2_000 + slackMs, `the stop took ${took} ms`);
  });

  test('an upgrade that nobody has decided does not hold up the stop', async (t) => {
    const served = await serve(suite, t, { limits: { closeMs: 200, handshakeMs: 60_000 } });
    const undecided = refusedUpgrade(served.url, { path: '/hang' });
    await served.reach('its request', (state) => state.asked === 1);
    const began = performance.now();
    await served.stop();
    assert.ok(performance.now() - began < 200 + slackMs);
    assert.equal((await undecided).status, 503);
  });

  test('thousands that come and go leave nothing behind', async (t) => {
    const served = await serve(suite, t);
    const comeAndGo = async (way: number): Promise<void> => {
      const client = await connectClient(served.url, { path: '/greet' });
      client.send(command(['subscribe', `topic-${way % 7}`], ['subscribe', 'all']));
      if (way % 3 === 0) client.kill();
      else if (way % 3 === 1) client.close(1000);
      else client.send(command(['close', 4000, 'go']));
      await client.end;
    };
    for (let wave = 0; wave < 20; wave += 1)
      await Promise.all(Array.from({ length: 100 }, (_, client) => comeAndGo(wave * 100 + client)));
    const { opened, closes } = await served.reach('nobody', (state) => state.connections === 0);
    assert.equal(opened, 2_000);
    assert.equal(closes.length, 2_000);
    assert.equal(new Set(closes.map(({ id }) => id)).size, 2_000);
    for (const topic of ['all', 'topic-0']) {
      const { published } = await served.publish({ topic, count: 3, bytes: 8, untilSubscribers: 0 });
      assert.equal(published, 1);
    }
  });

  test('who never gets to the end of a request is ended', async (t) => {
    const served = await serve(suite, t, { limits: { handshakeMs: 300 } });
    const patienceMs = (traits.handshakeMs ?? 300) + 5_000;
    const slow = connect(Number(new URL(served.url).port), '127.0.0.1');
    slow.on('error', () => undefined);
    await once(slow, 'connect');
    let open = true;
    slow.on('close', () => (open = false));
    slow.resume();
    slow.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
    await until(
      'the end of the slow request',
      () => {
        if (open) slow.write('x: y\r\n');
        return !open;
      },
      patienceMs,
    );
  });
};
