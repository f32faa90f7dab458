import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Files that a control plane and who talks to it prove themselves with. All of them mode 0600, in a directory of mode 0700. */
export interface Credentials {
  /** The authority that signed the certificates of server and client. */
  readonly caFile: string;
  readonly caKeyFile: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  /** A client certificate of the group `system:masters`, as the API server shows it to kubelets. */
  readonly clientCertificate: string;
  readonly clientKey: string;
  /** Signs the tokens of service accounts. */
  readonly serviceAccountKey: string;
  /** Tokens of fixed users, as `--token-auth-file` takes them. */
  readonly tokenFile: string;
  /** Token of each user of `users`. */
  readonly tokens: Readonly<Record<string, string>>;
}

export interface CredentialsOptions {
  /** Addresses and names that the server's certificate is good for, as in `IP:127.0.0.1`. */
  readonly serverNames: readonly string[];
  /** User → its group. Each gets a token. */
  readonly users: Readonly<Record<string, string>>;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650'];

/** Makes new credentials in `directory`; some 100 ms. Throws what openssl reports. */
export const makeCredentials = async (
  directory: string,
  { serverNames, users }: CredentialsOptions,
): Promise<Credentials> => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(directory, name);
  const authority = ['-keyout', file('ca.key'), '-out', file('ca.crt')];
  await run('openssl', ['req', '-x509', ...newKey, '-subj', '/CN=simfleet-test', ...authority]);
  const sign = async (name: string, subject: string, extensions: readonly string[]): Promise<void> => {
    const made = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
    const signed = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-subj', subject];
    const added = ['basicConstraints=critical,CA:FALSE', ...extensions].flatMap((text) => ['-addext', text]);
    await run('openssl', ['req', '-x509', ...newKey, ...signed, ...added, ...made]);
  };
  await Promise.all([
    sign('server', '/CN=kube-apiserver', [`subjectAltName=${serverNames.join(',')}`, 'extendedKeyUsage=serverAuth']),
    sign('client', '/O=system:masters/CN=kube-apiserver-client', ['extendedKeyUsage=clientAuth']),
  ]);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(file('sa.key'), privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  const tokens = Object.fromEntries(Object.keys(users).map((user) => [user, randomBytes(24).toString('base64url')]));
  const lines = Object.entries(users).map(([user, group]) => `${tokens[user] ?? ''},${user},${user},"${group}"\n`);
  writeFileSync(file('tokens.csv'), lines.join(''), { mode: 0o600 });
  return { ...credentialFiles(directory), tokens };
};

const credentialFiles = (directory: string): Omit<Credentials, 'tokens'> => ({
  caFile: join(directory, 'ca.crt'),
  caKeyFile: join(directory, 'ca.key'),
  serverCertificate: join(directory, 'server.crt'),
  serverKey: join(directory, 'server.key'),
  clientCertificate: join(directory, 'client.crt'),
  clientKey: join(directory, 'client.key'),
  serviceAccountKey: join(directory, 'sa.key'),
  tokenFile: join(directory, 'tokens.csv'),
});

/** Credentials that `makeCredentials` left in `directory`. Throws when there are none. */
export const readCredentials = (directory: string): Credentials => {
  const files = credentialFiles(directory);
  const lines = readFileSync(files.tokenFile, 'utf8').trim().split('\n');
  return {
    ...files,
    tokens: Object.fromEntries(lines.map((line) => line.split(',')).map(([token = '', user = '']) => [user, token])),
  };
};

/** Writes a kubeconfig (as JSON, which is YAML) of mode 0600 that shows `token` to the server at `url`. */
export const writeKubeconfig = (file: string, url: string, caFile: string, token: string): void => {
  const authority = readFileSync(caFile).toString('base64');
  const named = { name: 'simfleet' };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ ...named, cluster: { server: url, 'certificate-authority-data': authority } }],
    users: [{ ...named, user: { token } }],
    contexts: [{ ...named, context: { cluster: 'simfleet', user: 'simfleet' } }],
    'current-context': 'simfleet',
  };
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
};
