import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import { connectLiveSocket, openLiveSocket, until } from '@simfleet/testing';
import { nobodyLosesTokens, openHall, token } from './hall.ts';

/** The answer to a handshake that is refused. */
const refusal = async (
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly code: string; readonly body: string }> => {
  const sent = request(url.replace('ws:', 'http:'), {
    headers: {
      ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
      ...{ 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-protocol': 'simfleet.v1' },
      ...headers,
    },
  });
  sent.end();
  const accepted = once(sent, 'upgrade').then(([, stream]) => {
    (stream as Duplex).destroy();
    throw new Error('the handshake was accepted');
  });
  const [response] = (await Promise.race([once(sent, 'response'), accepted])) as [IncomingMessage];
  const body = (await response.setEncoding('utf8').toArray()).join('');
  return { status: response.statusCode ?? 0, code: (JSON.parse(body) as { code: string }).code, body };
};

test('credentials come in Authorization, or by the first message', async (t) => {
  const { url } = await openHall(t);
  for (const by of ['header', 'connect'] as const) {
    const socket = await openLiveSocket({ url, token, by });
    const answer = await socket.ask('echo', { a: 1 });
    assert.deepEqual(answer, {
      id: by === 'header' ? 1 : 2,
      ok: { body: { a: 1 }, who: 'somebody', acme: true, other: false },
    });
    socket.close();
  }
});

test('a page of any origin may come: without the token it can do nothing', async (t) => {
  const { url } = await openHall(t);
  const socket = connectLiveSocket(url, { origin: 'https://evil.example' });
  await socket.opened;
  socket.send(JSON.stringify({ id: 1, echo: {} }));
  assert.deepEqual(await socket.closed, { code: 4501, reason: 'unauthenticated' });
});

test('handshakes that are refused, each with its problem', async (t) => {
  const { url, lines } = await openHall(t);
  const cases = [
    ['a wrong token', url, { authorization: 'Bearer wrong-token' }, 401, 'unauthenticated'],
    ['credentials of another kind', url, { authorization: 'Basic d3Jvbmc6d3Jvbmc=' }, 401, 'unauthenticated'],
    ['another path', url.replace('/v1/socket', '/v1/jobs'), {}, 404, 'not-found'],
    ['a token in the URL', `${url}?token=${token}`, {}, 422, 'invalid-request'],
    ['another protocol', url, { 'sec-websocket-protocol': 'graphql-ws' }, 422, 'invalid-request'],
  ] as const;
  for (const [what, target, headers, status, code] of cases) {
    const answer = await refusal(target, headers);
    assert.deepEqual([answer.status, answer.code], [status, code], what);
    for (const secret of [token, 'wrong-token', 'd3Jvbmc6d3Jvbmc='])
      assert.ok(!answer.body.includes(secret) && !lines.join('').includes(secret), `${what}: the token leaks`);
  }
});

test('limits are asked before anything else, and answer by themselves', async (t) => {
  const asked: string[] = [];
  const { url } = await openHall(t, undefined, {
    admission: {
      async admitUpgrade({ remoteAddress }) {
        asked.push(remoteAddress);
        return { status: 429, headers: { 'retry-after': '7' }, body: '{"code":"quota-exceeded"}' };
      },
      admitMessage: () => ({ allowed: true }),
    },
  });
  const { status, code } = await refusal(url, { authorization: 'Bearer wrong' });
  assert.deepEqual([status, code, asked], [429, 'quota-exceeded', ['127.0.0.1']]);
});

test('a store of tokens that is away is temporary, and a fault of ours says nothing of itself', async (t) => {
  const failing = (error: Error) => ({
    access: {
      tokenOf: () => token,
      authenticate: async () => {
        throw error;
      },
      permits: () => true,
      ...nobodyLosesTokens,
    },
  });
  const away = await openHall(t, undefined, failing(new SimfleetError('unavailable', 'the store is away')));
  assert.deepEqual((await refusal(away.url, { authorization: 'Bearer x' })).status, 503);
  const broken = await openHall(t, undefined, failing(new Error('password of the database is hunter2')));
  const { status, body } = await refusal(broken.url, { authorization: 'Bearer x' });
  assert.equal(status, 500);
  assert.ok(!body.includes('hunter2'));
  assert.match(broken.lines.join(''), /hunter2/);
});

test('who does not say who they are in time is closed, who does is not', async (t) => {
  const { url } = await openHall(t, undefined, { connectMs: 100 });
  const silent = connectLiveSocket(url);
  const known = await openLiveSocket({ url, token });
  assert.deepEqual(await silent.closed, { code: 4501, reason: 'unauthenticated' });
  const answer = await known.ask('echo', 1);
  assert.ok('ok' in answer);
});

test('a token is watched from when it is good until its connection is over, and never of one that ends meanwhile', async (t) => {
  const [began, over]: [string[], string[]] = [[], []];
  const gate = Promise.withResolvers<void>();
  let ended = 0;
  const { url } = await openHall(t, undefined, {
    access: {
      tokenOf: () => token,
      authenticate: async (given) => (given === null ? null : { id: given, kind: 'user', customers: [] }),
      permits: () => true,
      watch({ token: watched }) {
        began.push(watched);
        return () => void over.push(watched);
      },
    },
    admission: {
      admitUpgrade: () => ({
        admitCaller: ({ principal }) => (principal.id === 'slow' ? gate.promise : undefined),
        end: () => void (ended += 1),
      }),
      admitMessage: () => ({ allowed: true }),
    },
  });
  const byHeader = await openLiveSocket({ url, token, by: 'header' });
  const byConnect = await openLiveSocket({ url, token: 'by-connect' });
  assert.deepEqual([began, over], [[token, 'by-connect'], []]);
  const leaving = connectLiveSocket(url);
  await leaving.opened;
  leaving.send(JSON.stringify({ id: 1, connect: { token: 'slow' } }));
  leaving.close();
  await until('its end', () => ended === 1);
  gate.resolve();
  byHeader.close();
  byConnect.close();
  await until('the end of all', () => ended === 3);
  assert.deepEqual(
    [began, over.toSorted()],
    [
      [token, 'by-connect'],
      ['by-connect', token],
    ],
  );
});
