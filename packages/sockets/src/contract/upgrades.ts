import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { connectClient, refusedUpgrade } from './client.ts';
import { command } from './fixture.ts';
import { serve, type SocketSuite } from './suite.ts';

const code = (body: string): unknown => (JSON.parse(body) as { code: unknown }).code;

/** Requests for an upgrade. */
export const testUpgrades = (suite: SocketSuite): void => {
  test('the handler sees path, query, headers, address and protocols', async (t) => {
    const { url } = await serve(suite, t);
    const client = await connectClient(url, {
      path: '/v1/live?after=7&name=a%20b',
      headers: { Authorization: 'Bearer secret', 'X-Many': 'one, two' },
      protocols: ['simfleet.v1', 'other'],
    });
    const seen = JSON.parse((await client.ask(command(['who']))) as string) as Record<string, unknown>;
    assert.equal(seen['path'], '/v1/live');
    assert.equal(seen['query'], 'after=7&name=a%20b');
    assert.equal(seen['remoteAddress'], '127.0.0.1');
    assert.deepEqual(seen['protocols'], ['simfleet.v1', 'other']);
    const headers = seen['headers'] as Record<string, string>;
    assert.equal(headers['authorization'], 'Bearer secret');
    assert.equal(headers['x-many'], 'one, two');
    const plain = await connectClient(url, { path: '/v1/live' });
    assert.equal((JSON.parse((await plain.ask(command(['who']))) as string) as typeof seen)['query'], '');
    // Nothing was chosen, so nothing is answered.
    assert.equal(client.protocol, '');
  });

  test('the protocol that is chosen is answered, one that was not offered is a fault of ours', async (t) => {
    const { url } = await serve(suite, t);
    const protocols = ['other', 'simfleet.v1'];
    const client = await connectClient(url, { path: '/?protocol=simfleet.v1', protocols });
    assert.equal(client.protocol, 'simfleet.v1');
    const { status, body } = await refusedUpgrade(url, { path: '/?protocol=third', protocols });
    assert.deepEqual([status, code(body)], [500, 'internal']);
  });

  test('no compression is agreed on, whatever is offered', async (t) => {
    const { url } = await serve(suite, t);
    const offer = 'permessage-deflate; client_max_window_bits';
    const client = await connectClient(url, { headers: { 'sec-websocket-extensions': offer } });
    assert.equal(client.extensions, '');
    assert.equal(await client.ask('x'.repeat(10_000)), 'x'.repeat(10_000));
  });

  test('a refusal is an HTTP answer with its headers and body', async (t) => {
    const { url } = await serve(suite, t);
    const { status, headers, body } = await refusedUpgrade(url, { path: '/refuse' });
    assert.deepEqual(
      [status, headers['x-why'], headers['www-authenticate'], body],
      [401, 'test', 'Bearer', 'no entry'],
    );
  });

  test('a decision may take its time, for or against', async (t) => {
    const { url } = await serve(suite, t);
    const client = await connectClient(url, { path: '/slow?ms=50' });
    assert.equal(await client.ask('hello'), 'hello');
    const { status, body } = await refusedUpgrade(url, { path: '/slow?ms=50&refuse' });
    assert.deepEqual([status, body], [403, 'late']);
  });

  test('a handler that fails answers 500, one that hangs 503, both as problems', async (t) => {
    const { url } = await serve(suite, t, { limits: { handshakeMs: 200 } });
    for (const path of ['/throw', '/reject']) {
      const { status, headers, body } = await refusedUpgrade(url, { path });
      assert.deepEqual([status, code(body), headers['content-type']], [500, 'internal', 'application/problem+json']);
      assert.ok(!body.includes('planted'));
    }
    const { status, headers, body } = await refusedUpgrade(url, { path: '/hang' });
    assert.deepEqual([status, code(body), headers['retry-after']], [503, 'unavailable', '1']);
  });

  test('a client that has gone by the time of the decision opens nothing', async (t) => {
    const served = await serve(suite, t);
    const gone = connect(Number(new URL(served.url).port), '127.0.0.1');
    await once(gone, 'connect');
    const key = 'c2ltZmxlZXQgc29ja2V0cw==';
    gone.write(
      `GET /slow?ms=300 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    await served.reach('its request', (state) => state.asked === 1);
    gone.resetAndDestroy();
    const client = await connectClient(served.url, { path: '/slow?ms=300' });
    assert.equal(await client.ask('hello'), 'hello');
    const { opened, abandoned, closes, connections } = await served.state();
    assert.deepEqual([opened, abandoned, closes.length, connections], [1, 1, 0, 1]);
  });

  test('every upgrade that is accepted is opened or told that it is not, once', async (t) => {
    const served = await serve(suite, t, { limits: { handshakeMs: 200 } });
    const late = await refusedUpgrade(served.url, { path: '/slow?ms=600' });
    assert.equal(late.status, 503);
    const unasked = await refusedUpgrade(served.url, { path: '/?protocol=third' });
    assert.equal(unasked.status, 500);
    const client = await connectClient(served.url, { path: '/slow?ms=20' });
    const { opened } = await served.reach('both', ({ abandoned }) => abandoned === 2);
    assert.equal(opened, 1);
    client.close(1000);
    const { abandoned } = await served.reach('its end', ({ connections }) => connections === 0);
    assert.equal(abandoned, 2);
  });

  test('what is no opening handshake is refused by a problem', async (t) => {
    const { url } = await serve(suite, t);
    const refused = async (headers: Record<string, string>): Promise<readonly unknown[]> => {
      const { status, headers: answered, body } = await refusedUpgrade(url, { headers });
      return [status, code(body), answered['sec-websocket-version']];
    };
    assert.deepEqual(await refused({ 'sec-websocket-version': '8' }), [426, 'invalid-request', '13']);
    assert.deepEqual(await refused({ 'sec-websocket-key': 'short' }), [400, 'invalid-request', undefined]);
    assert.deepEqual(await refused({ 'sec-websocket-protocol': 'a, (b)' }), [400, 'invalid-request', undefined]);
    const plain = await fetch(url.replace(/^ws/, 'http'));
    assert.deepEqual([plain.status, plain.headers.get('upgrade')], [426, 'websocket']);
    assert.equal(code(await plain.text()), 'invalid-request');
  });

  test('beyond the limit of connections upgrades are answered 503, until somebody goes', async (t) => {
    const served = await serve(suite, t, { limits: { connections: 3 } });
    const clients = await Promise.all(Array.from({ length: 3 }, () => connectClient(served.url)));
    const { status, headers, body } = await refusedUpgrade(served.url);
    assert.deepEqual([status, code(body), headers['retry-after']], [503, 'unavailable', '1']);
    clients[0]?.close(1000);
    await served.reach('room', ({ connections }) => connections === 2);
    const late = await connectClient(served.url);
    assert.equal(await late.ask('in'), 'in');
  });
};
