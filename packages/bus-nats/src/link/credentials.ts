import { readFileSync } from 'node:fs';
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

const fromUrl = ({ username, password }: URL): Pick<Access, 'user' | 'pass' | 'token'> => {
  const [first, second] = [decodeURIComponent(username), decodeURIComponent(password)];
  if (first === '') return {};
  return second === '' ? { token: first } : { user: first, pass: second };
};

/** Where to connect and as whom. Throws `invalid-configuration`, never naming what stands before the `@`. */
export const access = (options: NatsBusOptions): Access => {
  const { url, user, password, token, credentialsFile, tlsCaFile } = options;
  const addresses = url.split(',').map((each) => (each.includes('://') ? each : `nats://${each}`));
  const parsed = addresses.map((address) => (URL.canParse(address) ? new URL(address) : null));
  const wrong = parsed.some((each) => each === null || each.host === '' || !/^(nats|tls):$/.test(each.protocol));
  const [first] = parsed;
  if (wrong || first === null || first === undefined) {
    throw new SimfleetError('invalid-configuration', 'The bus needs a URL like nats://host:4222 or tls://host:4222.');
  }
  const secure = tlsCaFile !== undefined || parsed.some((each) => each?.protocol === 'tls:');
  return {
    servers: parsed.map((each) => each?.host ?? ''),
    ...fromUrl(first),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(credentialsFile === undefined ? {} : { authenticator: credsAuthenticator(readCredential(credentialsFile)) }),
    ...(secure ? { tls: tlsCaFile === undefined ? {} : { ca: readCredential(tlsCaFile).toString() } } : {}),
  };
};
