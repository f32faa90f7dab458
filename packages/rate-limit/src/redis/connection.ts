import { readFileSync } from 'node:fs';
import { SimfleetError } from '@simfleet/contracts';
import type { Logger } from '@simfleet/runtime';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from './address.ts';
import { explain } from './trouble.ts';

export interface ConnectionOptions {
  readonly address: RedisAddress;
  /** File of the authority that signed the server's certificate. */
  readonly tlsCaFile?: string;
  readonly timeoutMs: number;
  readonly logger?: Logger;
}

/** What a server alone and the nodes of a cluster are given alike. */
type SharedOptions = Omit<RedisOptions, 'host' | 'port' | 'replyMapping'>;

/** A server that does not let go of a connection is given so long, in milliseconds. */
const closingMs = 250;

/** Between two attempts: doubles from 50 ms to 2 s, and half of it is drawn, so that many clients do not come at once. */
const nextAttempt = (times: number): number => {
  const most = Math.min(50 * 2 ** (times - 1), 2000);
  return most / 2 + (Math.random() * most) / 2;
};

const authority = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SimfleetError('invalid-configuration', `The file "${file}" cannot be read.`, { cause });
  }
};

const optionsOf = ({ address, tlsCaFile, timeoutMs }: ConnectionOptions): SharedOptions => ({
  ...(address.username === undefined ? {} : { username: address.username }),
  ...(address.password === undefined ? {} : { password: address.password }),
  ...(address.secure ? { tls: tlsCaFile === undefined ? {} : { ca: authority(tlsCaFile) } } : {}),
  db: address.database,
  connectionName: 'simfleet-rate-limits',
  // Nothing that RESP3 adds is used; proxies before Redis often speak RESP2 only.
  protocol: 2,
  disableClientInfo: true,
  disconnectTimeout: closingMs,
  connectTimeout: Math.max(timeoutMs, 1000),
  // A server that holds its connections and answers nothing for as long as this is given up: its connection is made anew.
  socketTimeout: Math.max(2 * timeoutMs, 1000),
  maxLoadingRetryTime: 250,
  // A decision is sent once or not at all: sent again after a loss it could be counted twice, and one that waits has lost its moment.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // After a failover the name of the server may lead to another one.
  reconnectOnError: ({ message }) => message.startsWith('READONLY'),
});

const connectCluster = (options: ConnectionOptions): Cluster =>
  new Cluster([...options.address.servers], {
    redisOptions: optionsOf(options),
    enableOfflineQueue: false,
    // Its question goes to any node, also to one that is still being connected to, which without a queue counts as lost: all are then closed and connected
    // to anew, at times for seconds. A cluster that is not whole says so to each decision.
    enableReadyCheck: false,
    slotsRefreshTimeout: Math.max(options.timeoutMs, 1000),
    clusterRetryStrategy: nextAttempt,
    clusterNodeRetryStrategy: nextAttempt,
    // What fails is told to the caller, who knows what to do; these would send a decision again that may have been counted.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
  });

/** Sentinels are asked for the master before each attempt to connect, so that a lost one, or one that is a replica now, is left for its successor. */
const bySentinels = (options: ConnectionOptions): SharedOptions => {
  const { servers, sentinel, secure } = options.address;
  const { tls } = optionsOf(options);
  return {
    sentinels: [...servers],
    name: sentinel?.master ?? '',
    ...(sentinel?.password === undefined ? {} : { sentinelPassword: sentinel.password }),
    ...(tls === undefined ? {} : { enableTLSForSentinelMode: secure, sentinelTLS: tls }),
    sentinelRetryStrategy: nextAttempt,
    sentinelCommandTimeout: Math.max(options.timeoutMs, 1000),
  };
};

const connectServer = (options: ConnectionOptions): Redis => {
  const [{ host, port } = { host: 'localhost', port: 6379 }] = options.address.servers;
  const where = options.address.sentinel === undefined ? { host, port } : bySentinels(options);
  return new Redis({ ...optionsOf(options), ...where, enableOfflineQueue: false, retryStrategy: nextAttempt });
};

/** A connection that comes back by itself. */
export interface Connection {
  readonly client: Redis | Cluster;
  /** The last trouble of the connection while it is not there. */
  trouble(): unknown;
  /** Resolves when it is ready, has failed once, or `timeoutMs` has passed. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const hasSettled = (client: Redis | Cluster): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      client.off('ready', done).off('error', done).off('end', done);
      resolve();
    };
    client.on('ready', done).on('error', done).on('end', done);
    if (client.status === 'ready') done();
  });

/** Tells the log when a server goes and when it is back, once each. Answers what its trouble is while it is away. */
const watch = (client: Redis | Cluster, store: string, logger: () => Logger | undefined): (() => unknown) => {
  let trouble: unknown = null;
  const lost = (error: unknown): void => {
    const isNew = trouble === null;
    trouble = error;
    if (isNew) logger()?.warn({ store, why: explain(error) }, 'The store of rate limits is away');
  };
  client.on('error', lost);
  client.on('close', () => {
    if (trouble === null) lost(new Error('The connection was closed'));
  });
  client.on('ready', () => {
    if (trouble !== null) logger()?.info({ store }, 'The store of rate limits is back');
    trouble = null;
  });
  return () => trouble;
};

/** Nodes are connected to when they are known, not with the first decision for one. */
const keepNodes = (cluster: Cluster, logger: () => Logger | undefined): void => {
  cluster.on('+node', (node: Redis) => {
    watch(node, `redis ${node.options.host ?? ''}:${node.options.port ?? ''}`, logger);
    if (node.status === 'wait') node.connect().catch(() => undefined);
  });
};

/** Connects. What fails afterwards is told to whoever asks. */
export const openConnection = (options: ConnectionOptions, description: string): Connection => {
  const { address, timeoutMs } = options;
  const client = address.cluster ? connectCluster(options) : connectServer(options);
  let closed = false;
  const open = (): Logger | undefined => (closed ? undefined : options.logger);
  const trouble = watch(client, description, open);
  if (client instanceof Cluster) keepNodes(client, open);
  return {
    client,
    trouble,
    async settled() {
      const all = async (): Promise<void> => {
        await hasSettled(client);
        if (client instanceof Cluster) await Promise.all(client.nodes('master').map(hasSettled));
      };
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
      await Promise.race([all(), late]);
      clearTimeout(timer);
    },
    close: () =>
      new Promise((resolve) => {
        closed = true;
        // ioredis says nothing more when there is no connection to end.
        const timer = setTimeout(resolve, closingMs);
        const ended = (): void => {
          clearTimeout(timer);
          resolve();
        };
        if (['end', 'close', 'reconnecting'].includes(client.status)) ended();
        client.once('end', ended);
        if (client.status !== 'end') client.disconnect();
      }),
  };
};
