import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { SimfleetError } from '@simfleet/contracts';
import { credsAuthenticator, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { NatsBusOptions } from '../options.ts';

type Access = Pick<NodeConnectionOptions, 'servers' | 'user' | 'pass' | 'token' | 'authenticator' | 'tls'>;

const readCredential = (file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new SimfleetError('invalid-configuration', `The file "${file}" cannot be read.`, { cause });
  }
};

const trusted = (caFile: string | undefined): { readonly ca?: string } =>
  caFile === undefined ? {} : { ca: readCredential(caFile).toString() };

const fromUrl = ({ username, password }: URL): Pick<Access, 'user' | 'pass' | 'token'> => {
  const [first, second] = [decodeURIComponent(username), decodeURIComponent(password)];
  if (first === '') return {};
  return second === '' ? { token: first } : { user: first, pass: second };
};

/**
 * The client tells Node no name of a server that was given by its address, and Node then looks for `localhost` in the certificate: looks for
 * the addresses instead.
 */
const identity = (servers: readonly URL[]): object => {
  const hosts = servers.map(({ hostname }) => hostname.replace(/^\[|\]$/g, ''));
  const addresses = hosts.filter((host) => isIP(host) > 0);
  const check = (host: string, certificate: PeerCertificate): Error | undefined => {
    if (hosts.includes(host)) return checkServerIdentity(host, certificate);
    const mistakes = addresses.map((address) => checkServerIdentity(address, certificate));
    return mistakes.includes(undefined) ? undefined : mistakes[0];
  };
  return addresses.length === 0 ? {} : { checkServerIdentity: check };
};

/** Where to connect and as whom. Throws `invalid-configuration`, never naming what stands before the `@`. */
export const access = (options: NatsBusOptions): Access => {
  const { url, user, password, token, credentialsFile, tlsCaFile } = options;
  const addresses = url.split(',').map((each) => (each.includes('://') ? each : `nats://${each}`));
  const parsed = addresses.filter((address) => URL.canParse(address)).map((address) => new URL(address));
  const isUsable = parsed.every(({ host, protocol }) => host !== '' && /^(nats|tls):$/.test(protocol));
  const [first] = parsed;
  if (!isUsable || parsed.length < addresses.length || first === undefined) {
    throw new SimfleetError('invalid-configuration', 'The bus needs a URL like nats://host:4222 or tls://host:4222.');
  }
  const secure = tlsCaFile !== undefined || parsed.some(({ protocol }) => protocol === 'tls:');
  return {
    servers: parsed.map(({ host }) => host),
    ...fromUrl(first),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(credentialsFile === undefined ? {} : { authenticator: credsAuthenticator(readCredential(credentialsFile)) }),
    ...(secure ? { tls: { ...identity(parsed), ...trusted(tlsCaFile) } } : {}),
  };
};
