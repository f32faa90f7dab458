import { isIP, isIPv4 } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { SimfleetError } from '@simfleet/contracts';
import ipaddr from 'ipaddr.js';
import proxyAddr from 'proxy-addr';
import type { Peer } from './request-limits.ts';

/** Where a client counts: an IPv4 address, or the /64 of an IPv6 address. */
export type AddressOf = (peer: Peer) => string;

/** A connection that is gone has no address any more; what comes of it counts together. */
const unknown = 'unknown';

/**
 * Reads the client's address of a request: the peer's, or, where the peer is a proxy that is trusted, the last address of `X-Forwarded-For` that is none
 * (RFC 7239 §7.4 has the same rule for its header). What anybody else writes there is ignored. `trusted`: addresses, CIDR blocks, or `loopback`,
 * `linklocal`, `uniquelocal`. Throws `invalid-configuration` for anything else.
 */
export const clientAddresses = (trusted: readonly string[]): AddressOf => {
  const canonical = rememberingCanonical();
  if (trusted.length === 0) return ({ remoteAddress }) => canonical(remoteAddress) ?? unknown;
  const trust = trustOf(trusted);
  return ({ headers, remoteAddress }) => {
    const peer = canonical(remoteAddress);
    if (peer === null || headers['x-forwarded-for'] === undefined) return peer ?? unknown;
    // proxy-addr reads these members of a request and no others.
    const request = { headers, connection: { remoteAddress }, socket: { remoteAddress } } as unknown as IncomingMessage;
    return canonical(withoutPort(proxyAddr(request, trust))) ?? peer;
  };
};

const trustOf = (trusted: readonly string[]): ReturnType<typeof proxyAddr.compile> => {
  try {
    return proxyAddr.compile([...trusted]);
  } catch (cause) {
    const detail = `trusted proxies must be addresses or CIDR blocks, such as 10.0.0.0/8, not ${trusted.join(', ')}`;
    throw new SimfleetError('invalid-configuration', detail, { cause });
  }
};

/** Some proxies write `198.51.100.7:4711` and `[2001:db8::1]:4711`, which RFC 7239 §6 allows in its header. */
const withoutPort = (text: string): string =>
  /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;

const rememberedAddresses = 10_000;
/** IPv6 addresses are no longer than that without a zone; whoever writes longer ones must not fill the memory with them. */
const longestRemembered = 45;

/** The same text for the same client: whoever looks for what it knows of a client by it need not hash and compare it letter by letter again. */
const rememberingCanonical = (): typeof canonicalOf => {
  const known = new Map<string, string>();
  return (text) => {
    const seen = text === undefined ? undefined : known.get(text);
    if (seen !== undefined) return seen;
    const address = canonicalOf(text);
    if (text === undefined || address === null || text.length > longestRemembered) return address;
    if (known.size >= rememberedAddresses) known.clear();
    known.set(text, address);
    return address;
  };
};

/** Null for what is no address. */
const canonicalOf = (text: string | undefined): string | null => {
  if (text === undefined || isIPv4(text)) return text ?? null;
  if (isIP(text) === 0) return null;
  // A zone (`%eth0`, RFC 4007 §11) names an interface of this machine, not a client: it is no part of the address.
  const address = ipaddr.IPv6.parse(text);
  if (address.isIPv4MappedAddress()) return address.toIPv4Address().toString();
  const network = address.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
};
