import { SimfleetError } from '@simfleet/contracts';

/** Where a Redis is and as whom, as a URL says it. */
export interface RedisAddress {
  /** The server, or nodes of a cluster that lead to the others. */
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  readonly cluster: boolean;
  readonly secure: boolean;
  readonly username?: string;
  readonly password?: string;
  /** Number of the database. */
  readonly database: number;
}

const wrong = (why: string): SimfleetError =>
  new SimfleetError(
    'invalid-configuration',
    `The store of rate limits needs a URL like redis://host:6379/0, rediss://user:password@host:6380 or redis://first:6379,second:6379?cluster=true: ${why}.`,
  );

const server = (text: string): RedisAddress['servers'][number] => {
  const [, host = '', port] = /^(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const number = Number(port ?? 6379);
  if (host === '' || number < 1 || number > 65_535) throw wrong('a host or port is wrong');
  return { host: host.replace(/^\[|\]$/g, ''), port: number };
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('user and password must be percent-encoded');
  }
};

const credentials = (text: string | undefined): Pick<RedisAddress, 'username' | 'password'> => {
  if (text === undefined) return {};
  const colon = text.indexOf(':');
  const [user, password] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  if (password === '') throw wrong('there is a user without a password');
  return { ...(user === '' ? {} : { username: decoded(user) }), password: decoded(password) };
};

const isCluster = (query: string, servers: number): boolean => {
  const parameters = new URLSearchParams(query);
  const cluster = parameters.get('cluster') ?? String(servers > 1);
  if ([...parameters.keys()].some((name) => name !== 'cluster')) throw wrong('cluster is the only parameter');
  if (!['true', 'false'].includes(cluster)) throw wrong('cluster is true or false');
  if (cluster === 'false' && servers > 1) throw wrong('several servers are a cluster');
  return cluster === 'true';
};

/** Reads `redis://` and `rediss://` URLs; several servers make a cluster. Throws `invalid-configuration`, never telling what stands before the `@`. */
export const parseAddress = (url: string): RedisAddress => {
  const parts = /^(rediss?):\/\/(?:([^@]*)@)?([^@/?#]+)(?:\/(\d{0,5}))?(?:\?([^#]*))?$/.exec(url);
  if (parts === null) throw wrong('it cannot be read');
  const [, scheme, user, hosts = '', database, query = ''] = parts;
  const servers = hosts.split(',').map(server);
  const address = {
    servers,
    cluster: isCluster(query, servers.length),
    secure: scheme === 'rediss',
    ...credentials(user),
    database: Number(database ?? 0),
  };
  if (address.cluster && address.database !== 0) throw wrong('a cluster has database 0 only');
  return address;
};

/** For logs: `redis 127.0.0.1:6379`, without credentials. */
export const describeAddress = ({ servers, cluster, secure, database }: RedisAddress): string => {
  const hosts = servers.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  const kind = `${secure ? 'rediss' : 'redis'}${cluster ? ' cluster' : ''}`;
  return `${kind} ${hosts}${database === 0 ? '' : `/${database}`}`;
};
