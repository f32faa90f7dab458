import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { openNatsBus } from '@simfleet/bus-nats';
import { natsServer, startNats, until } from '@simfleet/testing';
import { event } from './processes/crew.ts';
import { openBus } from './open-bus.ts';

const binary = natsServer();
const skip = 'missing' in binary ? binary.missing : false;
const types = ['dev.simfleet.shard.started.v1'] as const;

/** An authority of the test's own, and a certificate for these names that it signed. */
const certificates = (t: TestContext, names: string) => {
  const directory = mkdtempSync(join(tmpdir(), 'simfleet-tls-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...newKey, '-subj', '/CN=test authority', '-keyout', file('ca.key'), '-out', file('ca.pem'));
  writeFileSync(file('names'), `subjectAltName=${names}\n`);
  openssl('req', ...newKey.slice(0, -2), '-subj', '/CN=broker', '-keyout', file('key.pem'), '-out', file('request'));
  const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('names')];
  openssl('x509', '-req', '-days', '2', '-in', file('request'), ...signed, '-out', file('certificate.pem'));
  return { ca: file('ca.pem'), tls: { certificate: file('certificate.pem'), key: file('key.pem') } };
};

const token = 'a-token-of+this/test';

describe('credentials', { skip }, () => {
  test('over TLS with an authority of one’s own, and a token, events go through', async (t) => {
    const { ca, tls } = certificates(t, 'IP:127.0.0.1');
    const nats = await startNats(t, { tls, token });
    const secure = nats.bareUrl.replace('nats:', 'tls:');
    const withToken = secure.replace('//', `//${encodeURIComponent(token)}@`);
    for (const options of [{ url: withToken }, { url: secure, token }, { url: nats.bareUrl, token }]) {
      const bus = await openBus(t, { ...options, tlsCaFile: ca, namespace: 'both' });
      await bus.check();
      await bus.close();
    }
    const bus = await openBus(t, { url: withToken, tlsCaFile: ca });
    const handled: string[] = [];
    await bus.consume({ name: 'work', types, handle: async ({ id }) => void handled.push(id) });
    await bus.publish(event(0, 1));
    await until('the event', () => handled.length === 1);
    await nats.kill();
    await nats.restart();
    await until('the connection, encrypted again', () =>
      bus.publish(event(0, 2)).then(
        () => true,
        () => false,
      ),
    );
    await until('the second event', () => handled.includes('0-2'));

    const refused = [
      { url: withToken },
      { url: secure.replace('//', '//wrong-secret@'), tlsCaFile: ca },
      { url: secure, tlsCaFile: ca },
      { url: secure.replace('127.0.0.1', 'localhost'), token, tlsCaFile: ca },
    ];
    for (const options of refused) {
      await assert.rejects(openNatsBus(options), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'unavailable');
        const told = `${error.message} ${String(error.cause)} ${JSON.stringify(error)}`;
        assert.ok(!told.includes(token) && !told.includes('wrong-secret'), told);
        return true;
      });
    }
    await assert.rejects(openNatsBus({ url: secure, tlsCaFile: join(tmpdir(), 'none.pem') }), {
      code: 'invalid-configuration',
    });
  });

  test('a server at an address that its certificate does not name is refused, whatever else that names', async (t) => {
    const { ca, tls } = certificates(t, 'IP:127.0.0.2,DNS:localhost');
    const nats = await startNats(t, { tls, token });
    const secure = nats.bareUrl.replace('nats:', 'tls:');
    await assert.rejects(openNatsBus({ url: secure, token, tlsCaFile: ca }), (error: Error) => {
      assert.match(String(error.cause), /altnames/);
      return true;
    });
    const named = await openBus(t, { url: secure.replace('127.0.0.1', 'localhost'), token, tlsCaFile: ca });
    await named.check();
  });

  test('a server that does not speak TLS is not talked to in the clear by tls://', async (t) => {
    const nats = await startNats(t, { token });
    const secure = nats.bareUrl.replace('nats:', 'tls:');
    await assert.rejects(openNatsBus({ url: secure, token }), { code: 'unavailable' });
    const plain = await openBus(t, { url: nats.bareUrl, token });
    await plain.check();
  });
});
