import type { Credentials } from './credentials.ts';
import { fileOf, systemProgram } from './programs.ts';

/** Service addresses of every cluster that is started here. The first is that of the API server, the tenth of DNS. */
export const serviceRange = '10.96.0.0/16';

/** Names and addresses of the API server inside a cluster. */
export const serviceNames = [
  'IP:10.96.0.1',
  'DNS:localhost',
  'DNS:kubernetes',
  'DNS:kubernetes.default',
  'DNS:kubernetes.default.svc',
  'DNS:kubernetes.default.svc.cluster.local',
];

const flagsOf = (flags: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(flags).map(([name, value]) => `--${name}=${value}`);

/** An etcd of one member whose clients are on loopback. Writes are not synced: nothing kept here outlives the machine. */
export const etcdCommand = (data: string, clientPort: number, peerPort: number): readonly string[] => [
  systemProgram('etcd') ?? 'etcd',
  ...flagsOf({
    'data-dir': data,
    'listen-client-urls': `http://127.0.0.1:${clientPort}`,
    'advertise-client-urls': `http://127.0.0.1:${clientPort}`,
    'listen-peer-urls': `http://127.0.0.1:${peerPort}`,
    'initial-advertise-peer-urls': `http://127.0.0.1:${peerPort}`,
    'initial-cluster': `default=http://127.0.0.1:${peerPort}`,
    'unsafe-no-fsync': 'true',
    // Alone, it has nobody to wait for: elected after 50 ms instead of a second.
    'heartbeat-interval': '10',
    'election-timeout': '50',
    'quota-backend-bytes': String(4 * 2 ** 30),
    logger: 'zap',
    'log-level': 'error',
  }),
];

export interface ApiServerOptions {
  readonly address: string;
  readonly port: number;
  readonly etcdPort: number;
  readonly credentials: Credentials;
  readonly flags?: Readonly<Record<string, string>>;
}

export const apiServerCommand = ({
  address,
  port,
  etcdPort,
  credentials,
  flags,
}: ApiServerOptions): readonly string[] => [
  fileOf('kube-apiserver'),
  ...flagsOf({
    'bind-address': address,
    'secure-port': String(port),
    'advertise-address': address,
    'etcd-servers': `http://127.0.0.1:${etcdPort}`,
    'tls-cert-file': credentials.serverCertificate,
    'tls-private-key-file': credentials.serverKey,
    'client-ca-file': credentials.caFile,
    'token-auth-file': credentials.tokenFile,
    'authorization-mode': 'Node,RBAC',
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': credentials.serviceAccountKey,
    'service-account-signing-key-file': credentials.serviceAccountKey,
    'service-cluster-ip-range': serviceRange,
    'allow-privileged': 'true',
    profiling: 'false',
    ...flags,
  }),
];

/** The controller manager, or the scheduler: alone, so that nobody waits for a lease. */
export const controllerManagerCommand = (
  kubeconfig: string,
  port: number,
  credentials: Credentials,
  flags: Readonly<Record<string, string>> = {},
): readonly string[] => [
  fileOf('kube-controller-manager'),
  ...flagsOf({
    kubeconfig,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'leader-elect': 'false',
    'root-ca-file': credentials.caFile,
    'service-account-private-key-file': credentials.serviceAccountKey,
    'use-service-account-credentials': 'false',
    'kube-api-qps': '500',
    'kube-api-burst': '1000',
    'concurrent-job-syncs': '20',
    profiling: 'false',
    ...flags,
  }),
];

export const schedulerCommand = (kubeconfig: string, port: number): readonly string[] => [
  fileOf('kube-scheduler'),
  ...flagsOf({
    kubeconfig,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'leader-elect': 'false',
    profiling: 'false',
  }),
];
