import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '@simfleet/testing';
import { connectClient } from './client.ts';
import { command } from './fixture.ts';
import { serve, type SocketSuite } from './suite.ts';

/** A self-signed certificate for 127.0.0.1. */
const issue = (directory: string): { readonly certFile: string; readonly keyFile: string } => {
  const certFile = join(directory, 'server.crt');
  const keyFile = join(directory, 'server.key');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const certificate = [
    '-subj',
    '/CN=sockets',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-days',
    '2',
    '-out',
    certFile,
  ];
  execFileSync('openssl', ['req', '-x509', ...key, ...certificate], { stdio: 'ignore' });
  return { certFile, keyFile };
};

export const testTls = (suite: SocketSuite): void => {
  test('all of it works over TLS', async (t) => {
    const tls = issue(temporaryDirectory(t).path);
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
