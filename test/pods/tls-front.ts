import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from '@simfleet/testing';

/** A server reached by TLS only, in front of the one at `url`, with a certificate of an authority that nobody knows. */
export const openTlsFront = async (
  t: TestContext,
  url: string,
): Promise<{ readonly url: string; readonly ca: string }> => {
  const { path } = temporaryDirectory(t);
  const [key, ca] = [join(path, 'key.pem'), join(path, 'ca.crt')];
  const names = ['-subj', '/CN=platform', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  execFileSync('openssl', ['req', '-x509', ...newKey, ...names, '-keyout', key, '-out', ca], { stdio: 'pipe' });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(ca) }, (incoming, outgoing) => {
    const { method, headers, url: target } = incoming;
    const onward = request(`${url}${target ?? ''}`, { method: method ?? 'GET', headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca };
};
