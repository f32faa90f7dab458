// Installs the system tools that tests need and npm cannot bring, where that is possible without asking: as root on Debian and its kin.
// Elsewhere it says what is missing; the tests that need it then skip with that reason, which fails in CI.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import {
  buildHelm,
  buildK6,
  buildKubernetesProgram,
  buildNatsServer,
  controlPlanePrograms,
  fetchValkey,
  helmProgram,
  installUwsRuntime,
  k6Program,
  kubernetesProgram,
  natsServer,
  uwsRuntime,
} from '@simfleet/testing';
import { building } from './building.ts';
import { buildMongoWireServer } from './tools/mongo-wire-server/build.ts';

/** Command → the Debian package that holds it, and what it is for. */
const tools: Readonly<Record<string, { readonly package: string; readonly purpose: string }>> = {
  strace: { package: 'strace', purpose: 'shows that data is synced before it is acknowledged' },
  javac: { package: 'openjdk-17-jdk-headless', purpose: 'compiles a server that speaks MongoDB’s protocol' },
  mvn: { package: 'maven', purpose: 'fetches the libraries of that server' },
  haproxy: { package: 'haproxy', purpose: 'shows that replicas work behind a load balancer' },
  openssl: { package: 'openssl', purpose: 'makes certificates for the tests of encrypted connections' },
  etcd: { package: 'etcd-server', purpose: 'keeps what the Kubernetes API servers of tests hold' },
  // Not redis-server, which would start a service: the tools hold the server too, see `redisServer` of packages/testing.
  'redis-cli': { package: 'redis-tools', purpose: 'is the server of shared rate limits, and asks it' },
  initdb: { package: 'postgresql', purpose: 'makes PostgreSQL servers for the tests of its store' },
};

/** Debian keeps PostgreSQL's programs out of PATH, one directory per version. */
const isThere = (command: string): boolean =>
  spawnSync(command, ['-V'], { stdio: 'ignore' }).error === undefined ||
  globSync(`/usr/lib/postgresql/*/bin/${command}`).length > 0;

/** Tests start servers of their own: the package shall make no cluster and start no service. */
const keepPostgresQuiet = (): void => {
  const directory = '/etc/postgresql-common';
  if (existsSync(directory)) return;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/createcluster.conf`, 'create_main_cluster = false\n');
};

const missing = Object.entries(tools).filter(([command]) => !isThere(command));

const apt = (...args: readonly string[]): void => {
  spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
};

if (missing.length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  console.log(`installing ${missing.map(([command]) => command).join(', ')} …`);
  keepPostgresQuiet();
  apt('update');
  // Without this, a configuration file that is there already would be asked about.
  const keepFiles = ['-o', 'Dpkg::Options::=--force-confold'];
  apt('install', ...keepFiles, '--yes', '--no-install-recommends', ...missing.map(([, tool]) => tool.package));
}
for (const [command, { purpose }] of missing.filter(([name]) => !isThere(name))) {
  console.log(`${command} is missing: its tests are skipped (it ${purpose})`);
}
buildMongoWireServer();

const valkey = fetchValkey();
if ('missing' in valkey) console.log(`${valkey.missing}: the tests of rate limits on Valkey are skipped`);

await building('nats-server', natsServer(), buildNatsServer, 'the tests of the bus on NATS');
for (const program of controlPlanePrograms) {
  const build = buildKubernetesProgram.bind(null, program);
  await building(program, kubernetesProgram(program), build, 'the tests of the operator on a control plane');
}
await building('helm', helmProgram(), buildHelm, 'the tests of the chart');
await building('k6', k6Program(), buildK6, 'the load tests');

if ('missing' in uwsRuntime()) {
  console.log('installing uWebSockets.js with a Node that it has a binary for …');
  try {
    installUwsRuntime();
  } catch (error) {
    console.log(`it could not be installed: the tests of sockets on it are skipped (${String(error)})`);
  }
}
