import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { fakeClock, issueCertificate, temporaryDirectory, until } from '@simfleet/testing';
import { serving, token } from './serving.ts';

/** Status of `/healthz` and the name that the server's certificate is of, over a connection of its own. */
const ask = async (url: string, ca: string): Promise<{ readonly status: number; readonly name: string }> => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; name: string }>();
  const asked = request(`${url}/healthz`, { ca, agent: false, headers: { authorization: `Bearer ${token}` } });
  asked.on('error', reject);
  asked.on('response', (response) => {
    response.resume();
    const { subject } = (response.socket as TLSSocket).getPeerCertificate();
    resolve({ status: response.statusCode ?? 0, name: String(subject.CN) });
  });
  asked.end();
  return promise;
};

const start = async (t: TestContext) => {
  const { path } = temporaryDirectory(t);
  const first = issueCertificate(path, 'first');
  const next = issueCertificate(path, 'next');
  const clock = fakeClock();
  const { url, log } = await serving(t, [], { clock, tls: first });
  const ca = [first, next].map(({ certFile }) => readFileSync(certFile, 'utf8')).join('');
  return { url, log, clock, first, next, ca };
};

test('HTTPS is served with the certificate of the files, and with the next one when they change', async (t) => {
  const { url, clock, first, next, ca } = await start(t);
  assert.match(url, /^https:/);
  assert.deepEqual(await ask(url, ca), { status: 200, name: 'first' });
  renameSync(next.certFile, first.certFile);
  renameSync(next.keyFile, first.keyFile);
  await clock.advance(5_000);
  for (let tries = 0; tries < 100 && (await ask(url, ca)).name === 'first'; tries++) continue;
  assert.deepEqual(await ask(url, ca), { status: 200, name: 'next' });
});

test('a certificate without its key leaves the one that was there, and is told once', async (t) => {
  const { url, log, clock, first, next, ca } = await start(t);
  renameSync(next.certFile, first.certFile);
  const told = (): number => log.lines.filter((line) => line.includes('the certificate stays as it was')).length;
  await clock.advance(5_000);
  await until('the mismatch is told', () => told() > 0);
  for (let round = 0; round < 3; round++) {
    await clock.advance(5_000);
    assert.equal((await ask(url, ca)).name, 'first');
  }
  assert.equal(told(), 1);
});

test('a client that does not know the authority is not served, nor one that speaks plain HTTP', async (t) => {
  const { url, next } = await start(t);
  await assert.rejects(ask(url, readFileSync(next.certFile, 'utf8')), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  await assert.rejects(fetch(url.replace('https:', 'http:')));
});

test('a server whose certificate is none does not start', async (t) => {
  const { path } = temporaryDirectory(t);
  const files = issueCertificate(path, 'good');
  const other = issueCertificate(path, 'other');
  const open = join(path, 'open.key');
  writeFileSync(open, readFileSync(files.keyFile), { mode: 0o644 });
  for (const [tls, detail] of [
    [{ ...files, certFile: join(path, 'none.crt') }, /none\.crt cannot be read/],
    [{ ...files, keyFile: join(path, 'none.key') }, /none\.key is not there/],
    [{ ...files, keyFile: other.keyFile }, /are no pair/],
    [{ ...files, keyFile: open }, /chmod 600/],
  ] as const)
    await assert.rejects(serving(t, [], { tls }), { code: 'invalid-configuration', detail });
});
