import { SimfleetError } from '@simfleet/contracts';

/** Where a Redis is and as whom, as a URL says it. */
export interface RedisAddress {
  /** The server, nodes of a cluster that lead to the others, or sentinels. */
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  readonly cluster: boolean;
  /** Sentinels know which server is the master of this name; they are asked with a password of their own. */
  readonly sentinel?: { readonly master: string; readonly password?: string };
  readonly secure: boolean;
  readonly username?: string;
  readonly password?: string;
  /** Number of the database. */
  readonly database: number;
}

const wrong = (why: string): SimfleetError =>
  new SimfleetError(
    'invalid-configuration',
    `The store of rate limits needs a URL like redis://host:6379/0, rediss://user:password@host:6380 or redis://first:6379,second:6379?cluster=true, or redis+sentinel://first:26379,second:26379/name-of-the-master: ${why}.`,
  );

const server = (text: string, usualPort: number): RedisAddress['servers'][number] => {
  const [, host = '', port] = /^(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const number = Number(port ?? usualPort);
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

/** Master, and number of its database. */
const sentinelOf = (path: string, query: string): [NonNullable<RedisAddress['sentinel']>, string] => {
  const [, master, database = '0'] = /^([\w.-]{1,64})(?:\/(\d{1,5}))?$/.exec(path) ?? [];
  if (master === undefined) throw wrong('sentinels need the name of a master');
  const parameters = new URLSearchParams(query);
  if ([...parameters.keys()].some((name) => name !== 'sentinelPassword'))
    throw wrong('sentinelPassword is the only parameter of sentinels');
  const password = parameters.get('sentinelPassword') ?? '';
  return [{ master, ...(password === '' ? {} : { password }) }, database];
};

/**
 * Reads `redis://`, `rediss://` and `redis+sentinel://`, `rediss+sentinel://` URLs; several servers make a cluster. Throws `invalid-configuration`, never
 * telling what stands before the `@`.
 */
export const parseAddress = (url: string): RedisAddress => {
  const parts = /^(rediss?)(\+sentinel)?:\/\/(?:([^@]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url);
  if (parts === null) throw wrong('it cannot be read');
  const [, scheme, sentinels, user, hosts = '', path = '', query = ''] = parts;
  const common = { secure: scheme === 'rediss', ...credentials(user) };
  const servers = hosts.split(',').map((host) => server(host, sentinels === undefined ? 6379 : 26_379));
  if (sentinels !== undefined) {
    const [sentinel, database] = sentinelOf(path, query);
    return { ...common, servers, sentinel, cluster: false, database: Number(database) };
  }
  if (!/^\d{0,5}$/.test(path)) throw wrong('it cannot be read');
  const address = { ...common, servers, cluster: isCluster(query, servers.length), database: Number(path) };
  if (address.cluster && address.database !== 0) throw wrong('a cluster has database 0 only');
  return address;
};

/** For logs: `redis 127.0.0.1:6379`, without credentials. */
export const describeAddress = ({ servers, cluster, sentinel, secure, database }: RedisAddress): string => {
  const hosts = servers.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  const kind = `${secure ? 'rediss' : 'redis'}${cluster ? ' cluster' : ''}`;
  const behind = sentinel === undefined ? hosts : `${sentinel.master} by sentinels ${hosts}`;
  return `${kind} ${behind}${database === 0 ? '' : `/${database}`}`;
};
