import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Job, JobResult } from '@simfleet/contracts';
import {
  controlPlaneMissing,
  clusterMissing,
  helmProgram,
  postgresMissing,
  startCluster,
  startNats,
  startPostgres,
  temporaryDirectory,
} from '@simfleet/testing';
import type { TestCluster } from '@simfleet/testing';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const cli = join(root, 'packages/cli/bin/simfleet.js');
const helmFile = helmProgram();

/** Why the chart cannot be installed on a node of this machine, or false. */
export const installationMissing = (): string | false =>
  clusterMissing() ?? controlPlaneMissing() ?? postgresMissing() ?? ('missing' in helmFile ? helmFile.missing : false);

/** Ends what it gets after all tests of the file, the last first. */
export interface Owner {
  after(cleanUp: () => void | Promise<void>): void;
}

/** Simfleet as its chart installs it on a real node; database and broker run beside it on this machine. */
export interface Installation {
  readonly cluster: TestCluster;
  /** Digest of the example's own image, as `sha256:…`. */
  readonly exampleDigest: string;
  helm(...words: readonly string[]): Promise<string>;
  /** The command line against the platform, as a person uses it: by token, over HTTPS. */
  simfleet(...words: readonly string[]): Promise<string>;
  job(id: string): Promise<Job>;
  result(id: string): Promise<JobResult>;
}

/** Namespace of the release. */
export const release = 'simfleet';

interface Image {
  readonly name: string;
  readonly digest: string;
}

const buildImages = (archive: string): readonly Image[] => {
  const words = [join(root, 'hack/images/build.ts'), '--tag', 'e2e', '--out', archive];
  const lines = execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Image);
};

/** An address of this machine, and what is at a place that the other side cannot name. Answers the port. */
const forward = async (owner: Owner, address: string, host: string, port: number): Promise<number> => {
  const server = createServer((near) => {
    const far = connect(port, host);
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  server.unref();
  owner.after(() => void server.close());
  return (server.address() as AddressInfo).port;
};

/** Lets pods reach what listens on loopback. */
const reachable = async (owner: Owner, address: string, url: string): Promise<string> => {
  const there = new URL(url);
  there.host = `${address}:${await forward(owner, address, '127.0.0.1', Number(there.port))}`;
  return there.toString();
};

const valuesOf = (nats: string, database: string) => ({
  image: { repository: 'docker.io/simfleet/platform', tag: 'e2e', pullPolicy: 'Never' },
  shards: {
    image: { repository: 'docker.io/simfleet/runner', tag: 'e2e', pullPolicy: 'Never' },
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  },
  // Two cores hold all of it: what pods ask for is less than what a real cluster keeps free.
  platform: { resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '1Gi' } } },
  operator: { resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } } },
  nats: { enabled: false, url: nats },
  database: { enabled: false, url: database },
});

/** Brings the cluster up, builds and loads the images, and installs the chart; all of it goes with the owner. */
export const install = async (owner: Owner): Promise<Installation> => {
  const { path } = temporaryDirectory(owner);
  const cluster = await startCluster({ after: (cleanUp) => owner.after(cleanUp) });
  const archive = join(path, 'images.tar');
  const images = buildImages(archive);
  await cluster.load(archive);

  const nats = await startNats({ after: (cleanUp) => owner.after(cleanUp) });
  const postgres = await startPostgres();
  owner.after(() => postgres.stop());
  const urls = await Promise.all(
    [nats.url, await postgres.createDatabase()].map((url) => reachable(owner, cluster.address, url)),
  );
  const values = join(path, 'values.json');
  writeFileSync(values, JSON.stringify(valuesOf(urls[0] ?? '', urls[1] ?? '')), { mode: 0o600 });

  const helm = async (...words: readonly string[]): Promise<string> => {
    if ('missing' in helmFile) throw new Error(helmFile.missing);
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, HELM_CACHE_HOME: join(path, 'helm') };
    const { stdout } = await run(helmFile.file, [...words, '--namespace', release], { env });
    return stdout;
  };
  const chart = join(root, 'charts/simfleet');
  owner.after(async () => {
    await helm('uninstall', 'simfleet', '--wait', '--timeout', '60s', '--ignore-not-found');
    await cluster.kubectl(['delete', 'namespace', release, '--ignore-not-found', '--wait=false']);
  });
  await helm('install', 'simfleet', chart, '--create-namespace', '--values', values, '--wait', '--timeout', '180s');

  const decoded = async (kind: string, name: string, key: string): Promise<string> =>
    cluster.kubectl(['get', kind, name, '--namespace', release, '-o', `jsonpath={.data.${key}}`]);
  const trust = join(path, 'ca.crt');
  writeFileSync(trust, await decoded('configmap', 'simfleet-trust', String.raw`ca\.crt`));
  const token = Buffer.from(await decoded('secret', 'simfleet-admin-token', 'token'), 'base64').toString();
  const service = ['get', 'service', 'simfleet-platform', '--namespace', release];
  const host = await cluster.kubectl([...service, '-o', 'jsonpath={.spec.clusterIP}']);
  // The certificate is for the service’s name and for localhost, as port-forwarding has it.
  const url = `https://localhost:${await forward(owner, '127.0.0.1', host, 8080)}`;

  const simfleet = async (...words: readonly string[]): Promise<string> => {
    const env = { ...process.env, SIMFLEET_URL: url, SIMFLEET_TOKEN: token, NODE_EXTRA_CA_CERTS: trust };
    const { stdout } = await run(process.execPath, [cli, ...words], { env });
    return stdout;
  };
  return {
    cluster,
    exampleDigest: images.find(({ name }) => name.includes('/example:'))?.digest ?? '',
    helm,
    simfleet,
    job: async (id) => JSON.parse(await simfleet('describe', id, '-o', 'json')) as Job,
    result: async (id) => JSON.parse(await simfleet('result', id, '-o', 'json')) as JobResult,
  };
};
