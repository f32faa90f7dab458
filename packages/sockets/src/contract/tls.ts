import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { issueCertificate, temporaryDirectory } from '@simfleet/testing';
import { connectClient } from './client.ts';
import { command } from './fixture.ts';
import { serve, type SocketSuite } from './suite.ts';

export const testTls = (suite: SocketSuite): void => {
  test('all of it works over TLS', async (t) => {
    const tls = issueCertificate(temporaryDirectory(t).path, 'sockets');
    const served = await serve(suite, t, { tls });
    assert.match(served.url, /^wss:/);
    const ca = readFileSync(tls.certFile, 'utf8');
    const client = await connectClient(served.url, { ca });
    await client.ask(command(['subscribe', 't'], ['send', 'in']));
    await served.publish({ topic: 't', count: 100, bytes: 1_000 });
    assert.equal((await client.messages(101)).length, 101);
    const large = 'x'.repeat(60_000);
    assert.equal(await client.ask(large), large);
    client.send(command(['close', 4503, 'forbidden']));
    assert.deepEqual(await client.end, { code: 4503, reason: 'forbidden' });
    await assert.rejects(connectClient(served.url), /self-signed/);
  });
};
