import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openRequests } from '../../src/platform/requests.ts';

const serve = async (
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> => {
  const server = createServer(answer);
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const get = { method: 'GET', path: '/v1/jobs/a', token: 'secret' };

test('requests to the platform', async (t) => {
  await t.test('share a connection, and bring body, status and version', async (tt) => {
    const ports = new Set<number | undefined>();
    const url = await serve(tt, (request, response) => {
      ports.add(request.socket.remotePort);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(201, { etag: '"7"' });
        response.end(
          `${request.method} ${request.url} ${request.headers.authorization} ${Buffer.concat(chunks).toString()}`,
        );
      });
    });
    const send = openRequests(url);
    const answer = await send({ ...get, method: 'POST', body: '{"name":"ä"}' });
    assert.deepEqual(answer, {
      status: 201,
      etag: '"7"',
      text: 'POST /v1/jobs/a Bearer secret {"name":"ä"}',
    });
    await send(get);
    assert.equal(ports.size, 1);
  });

  await t.test('are sent once more when the connection was closed while it was idle', async (tt) => {
    let count = 0;
    const url = await serve(tt, (request, response) => {
      count += 1;
      // The second comes over the connection of the first, which ends before its answer.
      if (count === 2) request.socket.resetAndDestroy();
      else response.end('{}');
    });
    const send = openRequests(url);
    await send(get);
    assert.equal((await send(get)).status, 200);
    assert.equal(count, 3);
  });

  await t.test('are not repeated on a connection that was made for them', async (tt) => {
    let count = 0;
    const url = await serve(tt, (request) => {
      count += 1;
      request.socket.resetAndDestroy();
    });
    await assert.rejects(openRequests(url)(get), { code: 'ECONNRESET' });
    assert.equal(count, 1);
  });

  await t.test('do not follow to somewhere else', async (tt) => {
    const url = await serve(tt, (_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    assert.equal((await openRequests(url)(get)).status, 302);
  });
});
