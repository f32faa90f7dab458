/** Drivers whose data never leaves the process or its disk. */
const local = new Set(['memory', 'sqlite']);

/** Whether the URL of a store or bus names a driver that one process alone can use; told from its name, before anything is opened. */
export const isForOneProcess = (url: string): boolean => local.has(schemeOf(url));

const schemeOf = (url: string): string => /^[^:]*/.exec(url)?.[0] ?? '';

/** Parameters by which a driver is told to use TLS, and the values of them that do not. */
const tlsParameters = ['tls', 'ssl', 'sslmode'];
const noTls = new Set(['false', '0', 'disable', 'allow', 'prefer']);

const isLoopback = (host: string): boolean =>
  host === '' ||
  host === 'localhost' ||
  host === '[::1]' ||
  host === '::1' ||
  /^127\./.test(host) ||
  host.includes('/');

/** A name, or an address. What else stands in the place of a host is a part of a password with a `/` or `#` that should have been percent-encoded. */
const isHost = (text: string): boolean =>
  /^[\p{L}\p{N}._-]+$/u.test(text) || /^\[?[\da-f]*:[\da-f.:]*:[\da-f.]*\]?$/i.test(text);

/**
 * Hosts to which this URL would connect in the clear beyond this machine: none where it asks for TLS by scheme or parameter. Several
 * hosts may stand in one URL, so it is taken apart by hand. Credentials are in no answer.
 */
export const hostsInTheClear = (url: string): readonly string[] => {
  const [, scheme = '', authority = '', query = ''] = /^([^:]*):\/\/([^/?#]*)[^?#]*(?:\?([^#]*))?/s.exec(url) ?? [];
  if (scheme === '' || local.has(scheme) || ['tls', 'wss', 'https', 'rediss', 'rediss+sentinel'].includes(scheme))
    return [];
  const parameters = new URLSearchParams(query);
  const asked = tlsParameters.map((name) => parameters.get(name)).filter((value) => value !== null);
  // An SRV record of MongoDB means TLS unless it is turned off.
  const hasTls = asked.length > 0 ? asked.every((value) => !noTls.has(value)) : scheme === 'mongodb+srv';
  if (hasTls) return [];
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  const names = hosts.map((host) => decoded(host.replace(/:\d*$/, '')));
  return [...names, ...parameters.getAll('host')].filter((host) => isHost(host) && !isLoopback(host));
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
