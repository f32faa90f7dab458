import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { temporaryDirectory, until, type PostgresServer } from '@simfleet/testing';
import { withPostgres } from './server.ts';

const things = { name: 'things', fields: {}, sorts: [] };
const limits = { connectMs: 1000, statementMs: 1500 };

interface Authority {
  /** PEM file of its certificate. */
  readonly file: string;
  /** A key and a certificate for the name, in PEM. */
  issue(subjectAltName: string): { readonly key: string; readonly certificate: string };
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** A certification authority of this test alone, or why there is none. */
const authority = (t: TestContext): Authority | { readonly reason: string } => {
  const { path } = temporaryDirectory(t);
  const [file, ca] = [join(path, 'ca.pem'), join(path, 'ca.key')];
  const openssl = (...words: readonly string[]) => execFileSync('openssl', words, { stdio: 'pipe' });
  try {
    openssl('req', '-x509', ...newKey, '-subj', '/CN=Test CA', '-keyout', ca, '-out', file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { reason: 'openssl is not installed' };
    throw error;
  }
  return {
    file,
    issue(subjectAltName) {
      const [key, request, certificate, extensions] = ['key', 'csr', 'crt', 'ext'].map((end) =>
        join(path, `server.${end}`),
      ) as [string, string, string, string];
      openssl('req', ...newKey, '-subj', '/CN=server', '-keyout', key, '-out', request);
      writeFileSync(extensions, `subjectAltName=${subjectAltName}`);
      const signing = ['-CA', file, '-CAkey', ca, '-CAcreateserial', '-days', '2', '-extfile', extensions];
      openssl('x509', '-req', '-in', request, ...signing, '-out', certificate);
      return { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') };
    },
  };
};

/** Gives the running server a certificate; connections from now on may use TLS. */
const useTls = async (server: PostgresServer, { key, certificate }: ReturnType<Authority['issue']>): Promise<void> => {
  const { uid, gid } = statSync(server.directory);
  for (const [name, text] of [
    ['server.key', key],
    ['server.crt', certificate],
  ] as const) {
    const file = join(server.directory, name);
    rmSync(file, { force: true });
    writeFileSync(file, text, { mode: 0o600 });
    chownSync(file, uid, gid);
  }
  await server.sql(`ALTER SYSTEM SET ssl_cert_file = '${join(server.directory, 'server.crt')}'`);
  await server.sql(`ALTER SYSTEM SET ssl_key_file = '${join(server.directory, 'server.key')}'`);
  await server.sql('ALTER SYSTEM SET ssl = on');
  await server.sql('SELECT pg_reload_conf()');
  const fingerprint = `${server.url}?sslmode=require`;
  await until('TLS', () =>
    server.sql('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()', fingerprint).then(
      (ssl) => ssl === 't',
      () => false,
    ),
  );
};

withPostgres((server) => {
  test('a read-only database is unavailable and says so, and works as soon as it is not', async () => {
    const url = await server().createDatabase();
    const alter = (value: string) =>
      server().sql(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = ${value}`);
    const refused = { code: 'unavailable', message: /read-only/ };
    await alter('on');
    await assert.rejects(openPostgresStorage({ url, limits }), refused);
    await alter('off');
    const first = await openPostgresStorage({ url, limits });
    await (await first.collection(things)).insert('a', { customer: 'acme' });
    await first.close();
    await alter('on');
    const storage = await openPostgresStorage({ url, limits, connections: 1 });
    const collection = await storage.collection(things);
    assert.equal((await collection.get('a'))?.version, 1);
    for (const write of [
      () => collection.insert('b', { customer: 'acme' }),
      () => collection.save('a', 1, { customer: 'acme' }),
      () => storage.log.append('s', [{ key: 'k', data: 1 }]),
      () => storage.collection({ ...things, name: 'others' }),
      () => storage.check(),
    ]) {
      await assert.rejects(write, refused);
    }
    await alter('off');
    // The connection was made while it was read-only: it has been given up.
    await collection.insert('b', { customer: 'acme' });
    await storage.check();
    await storage.close();
  });

  test('rights that are missing are told when a collection is declared, and one at work is unavailable', async () => {
    const url = await server().createDatabase();
    const first = await openPostgresStorage({ url, limits });
    await first.collection(things);
    await first.close();
    const grants = 'GRANT USAGE ON SCHEMA simfleet TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA simfleet TO reader';
    await server().sql(`CREATE ROLE reader LOGIN PASSWORD 'r'; ${grants}`, url);
    const mine = new URL(url);
    [mine.username, mine.password] = ['reader', 'r'];
    const storage = await openPostgresStorage({ url: mine.href, limits });
    await assert.rejects(storage.collection({ ...things, name: 'others' }), {
      code: 'invalid-configuration',
      message: /permission denied for schema simfleet/,
    });
    const collection = await storage.collection(things);
    await assert.rejects(collection.insert('a', { customer: 'acme' }), { code: 'unavailable', message: /right/ });
    await storage.close();
  });

  test('the search path of the session is of no account', async () => {
    const url = new URL(await server().createDatabase());
    url.search = '?options=-c%20search_path%3Dnowhere';
    const storage = await openPostgresStorage({ url: url.href, limits });
    const size = { path: ['size'], type: 'integer64' } as const;
    const collection = await storage.collection({ name: 'things', fields: { size }, sorts: ['size'] });
    await collection.insert('a', { customer: 'acme', size: '5' } as never, []);
    await storage.log.append('s', [{ key: 'k', data: 1 }]);
    await storage.log.drop('s');
    await storage.close();
  });

  test('TLS: a server is asked for, and its certificate and name are checked, as sslmode says', async (t) => {
    const [right, wrong] = [authority(t), authority(t)];
    if ('reason' in right || 'reason' in wrong) return t.skip('openssl is not installed');
    const base = await server().createDatabase();
    const open = async (search: string): Promise<string> => {
      const storage = await openPostgresStorage({ url: `${base}?${search}`, limits });
      await storage.check();
      const ssl = await server().sql(
        `SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE s.ssl AND a.application_name = 'simfleet'`,
      );
      await storage.close();
      return ssl === '0' ? 'plain' : 'encrypted';
    };
    const refused = (message: RegExp) => ({ code: 'invalid-configuration', message });
    await assert.rejects(open('sslmode=require'), refused(/does not support SSL/));
    await useTls(server(), right.issue('IP:127.0.0.1'));
    assert.equal(await open('sslmode=disable'), 'plain');
    assert.equal(await open('sslmode=require'), 'encrypted');
    for (const mode of ['require', 'verify-ca', 'verify-full']) {
      assert.equal(await open(`sslmode=${mode}&sslrootcert=${right.file}`), 'encrypted');
      await assert.rejects(
        open(`sslmode=${mode}&sslrootcert=${wrong.file}`),
        refused(/not trusted: .*(certificate|verify)/),
      );
    }
    await assert.rejects(open('sslmode=verify-full'), refused(/not trusted/));
    await assert.rejects(open('sslmode=verify-ca'), refused(/sslrootcert/));
    await assert.rejects(open('sslmode=verify-full&sslrootcert=/nowhere.pem'), refused(/\/nowhere\.pem/));
    await useTls(server(), right.issue('DNS:elsewhere.example'));
    assert.equal(await open(`sslmode=verify-ca&sslrootcert=${right.file}`), 'encrypted');
    await assert.rejects(open(`sslmode=verify-full&sslrootcert=${right.file}`), refused(/not trusted: .*127\.0\.0\.1/));
  });

  test('TLS: a server that stops is given up in time, and a file of the URL that goes away ends nothing but calls', async (t) => {
    const right = authority(t);
    if ('reason' in right) return t.skip(right.reason);
    await useTls(server(), right.issue('IP:127.0.0.1'));
    const url = `${await server().createDatabase()}?sslmode=verify-full&sslrootcert=${right.file}`;
    const storage = await openPostgresStorage({ url, limits });
    const certificate = readFileSync(right.file);
    server().pause();
    try {
      await assert.rejects(storage.check(), { code: 'unavailable' });
    } finally {
      server().resume();
    }
    rmSync(right.file);
    await assert.rejects(Promise.all([storage.check(), storage.check()]), { code: 'unavailable' });
    writeFileSync(right.file, certificate);
    await until('the store to work again', () =>
      storage.check().then(
        () => true,
        () => false,
      ),
    );
    await storage.close();
  });
});
