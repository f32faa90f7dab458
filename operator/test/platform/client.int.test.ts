import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { freePort, temporaryDirectory } from '@simfleet/testing';
import { openPlatform } from '../../src/platform/client.ts';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

/** A server, and the requests that came to it. */
const serve = async (t: TestContext, answer: (asked: Asked, response: ServerResponse) => void) => {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      const text = Buffer.concat(chunks).toString();
      const last = { method, url, token: headers.authorization, type: headers['content-type'], text };
      asked.push(last);
      answer(last, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const fileWith = (t: TestContext, token: string): string => {
  const file = join(temporaryDirectory(t).path, 'token');
  writeFileSync(file, `${token}\n`);
  return file;
};

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void =>
  void response.writeHead(status, headers).end(JSON.stringify(body));

test("the platform's API", async (t) => {
  await t.test('is sent token and body, and its version is that of the ETag', async (tt) => {
    const { asked, url } = await serve(tt, (_, response) => json(response, 200, { id: 'job-ä' }, { etag: '"7"' }));
    const platform = openPlatform({ url, tokenFile: fileWith(tt, 'secret') });
    assert.deepEqual(await platform.patchJob('job-ä', { labels: { über: 'ß' } }), { id: 'job-ä', version: 7 });
    assert.deepEqual(await platform.getJob('job-ä'), { id: 'job-ä', version: 7 });
    const same = { url: '/v1/jobs/job-%C3%A4', token: 'Bearer secret' };
    assert.deepEqual(asked, [
      { ...same, method: 'PATCH', type: 'application/json', text: '{"labels":{"über":"ß"}}' },
      { ...same, method: 'GET', type: undefined, text: '' },
    ]);
  });

  await t.test('may tell no version, and then has none', async (tt) => {
    const { url } = await serve(tt, (_, response) => json(response, 200, { id: 'a' }));
    assert.deepEqual(await openPlatform({ url, tokenFile: fileWith(tt, 'secret') }).getJob('a'), { id: 'a' });
  });

  await t.test('is asked again with the token as it is now when it refuses the one before', async (tt) => {
    const tokenFile = fileWith(tt, 'old');
    const { asked, url } = await serve(tt, ({ token }, response) => {
      writeFileSync(tokenFile, 'new');
      if (token === 'Bearer new') json(response, 200, { id: 'a' });
      else json(response, 401, { code: 'unauthenticated' });
    });
    const platform = openPlatform({ url, tokenFile });
    assert.deepEqual(await platform.patchJob('a', { spec: { shards: 2 } }), { id: 'a' });
    await platform.getJob('a');
    assert.deepEqual(
      asked.map(({ method, token, text }) => `${method} ${token} ${text}`),
      ['PATCH Bearer old {"spec":{"shards":2}}', 'PATCH Bearer new {"spec":{"shards":2}}', 'GET Bearer new '],
    );
  });

  await t.test('is asked twice at most when it refuses the token', async (tt) => {
    const { asked, url } = await serve(tt, (_, response) => json(response, 401, { code: 'unauthenticated' }));
    const platform = openPlatform({ url, tokenFile: fileWith(tt, 'secret') });
    await assert.rejects(platform.getJob('a'), { code: 'unauthenticated' });
    assert.equal(asked.length, 2);
  });

  await t.test('is not followed to somewhere else, where the token would go too', async (tt) => {
    const elsewhere = await serve(tt, (_, response) => json(response, 200, { id: 'a' }));
    const location = `${elsewhere.url}/v1/jobs/a`;
    const { url } = await serve(tt, (_, response) => void response.writeHead(307, { location }).end());
    const platform = openPlatform({ url, tokenFile: fileWith(tt, 'secret') });
    await assert.rejects(platform.getJob('a'), { code: 'unavailable' });
    await assert.rejects(platform.patchJob('a', {}), { code: 'unavailable' });
    assert.deepEqual(elsewhere.asked, []);
  });

  await t.test('is unavailable when nothing answers, or something between', async (tt) => {
    const tokenFile = fileWith(tt, 'secret');
    const nobody = openPlatform({ url: `http://127.0.0.1:${await freePort()}`, tokenFile });
    await assert.rejects(nobody.getJob('a'), { code: 'unavailable' });
    const answers: readonly ((response: ServerResponse) => unknown)[] = [
      (response) => response.socket?.resetAndDestroy(),
      (response) => response.writeHead(200, { 'content-length': 9 }).write('{"id"', () => response.destroy()),
      (response) => response.end('<html>'),
      (response) => response.writeHead(502).end('<html>'),
    ];
    for (const answer of answers) {
      const { url } = await serve(tt, (_, response) => void answer(response));
      await assert.rejects(openPlatform({ url, tokenFile }).getJob('a'), { code: 'unavailable' });
    }
  });

  await t.test('tells by its problem what was wrong, and null for no such job', async (tt) => {
    const mistakes = [{ pointer: '/spec', detail: 'is wrong' }];
    const { url } = await serve(tt, ({ method }, response) =>
      method === 'GET'
        ? json(response, 404, { code: 'not-found' })
        : json(response, 400, { code: 'invalid-request', detail: 'no', errors: mistakes }),
    );
    const platform = openPlatform({ url, tokenFile: fileWith(tt, 'secret') });
    assert.equal(await platform.getJob('a'), null);
    await assert.rejects(platform.patchJob('a', {}), { code: 'invalid-request', mistakes });
  });
});
