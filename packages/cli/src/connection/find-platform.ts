import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SimfleetError } from '@simfleet/contracts';
import type { Terminal } from '../terminal.ts';
import { storedToken } from './credentials.ts';

/** Which platform a command talks to, as the person chose it. */
export interface Choice {
  /** `--url` or SIMFLEET_URL; undefined = the local platform. */
  readonly url: string | undefined;
  /** Data directory of the local platform, as typed. */
  readonly dataDir: string;
}

/** Where requests go. Found anew for each connection: a local platform may come back on another port. */
export interface Address {
  /** Origin and path prefix without a slash at the end. */
  readonly url: string;
  readonly token: string;
}
export type FindAddress = () => Promise<Address>;

const bad = (detail: string): SimfleetError => new SimfleetError('invalid-request', detail);

/** An http(s) address without a slash at its end. Throws `invalid-request`. */
export const platformUrl = (typed: string): string => {
  const url = URL.parse(typed);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw bad(`"${typed}" is not the address of a platform: write it as https://simfleet.example.com`);
  if (url.username !== '' || url.password !== '')
    throw bad('credentials do not belong in the address: use `simfleet login`');
  if (url.search !== '' || url.hash !== '')
    throw bad(`"${typed}": the address of a platform has no query and no fragment`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
};

/** A token as it may stand in a header. Throws `unauthenticated` for anything else, without repeating it. */
export const checkedToken = (text: string, origin: string): string => {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new SimfleetError(
      'unauthenticated',
      `${origin} ${token === '' ? 'is empty' : 'is not a token: it holds blanks or unusual characters'}`,
    );
  return token;
};

/** A token must not travel in the clear beyond this machine. */
export const isPrivateTransport = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
};

const addressOfUrl = async (terminal: Terminal, typed: string): Promise<Address> => {
  const url = platformUrl(typed);
  const given = terminal.env['SIMFLEET_TOKEN'];
  if (given !== undefined && given !== '') return { url, token: checkedToken(given, 'SIMFLEET_TOKEN') };
  const stored = await storedToken(terminal, url);
  if (stored === undefined)
    throw new SimfleetError(
      'unauthenticated',
      `no token for ${url}: run \`simfleet login ${url}\`, or set SIMFLEET_TOKEN`,
    );
  return { url, token: checkedToken(stored, `the stored token for ${url}`) };
};

const readOrUndefined = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'EACCES') throw new SimfleetError('forbidden', `${file} may not be read by you`, { cause });
    throw cause;
  }
};

const noPlatform = (dataDir: string): SimfleetError =>
  new SimfleetError(
    'unavailable',
    `no platform is running in ${dataDir}: start one with \`simfleet up\`, run the job with \`--embedded\`, ` +
      'or point SIMFLEET_URL (and SIMFLEET_TOKEN) at another platform',
  );

/** What a running platform leaves in its data directory. Undefined while none runs, or while the file is half written. */
export const runningPlatform = async (dataDir: string): Promise<{ url: string; pid: number } | undefined> => {
  const text = await readOrUndefined(join(dataDir, 'platform.json'));
  if (text === undefined) return undefined;
  try {
    const { url, pid } = JSON.parse(text) as { url?: unknown; pid?: unknown };
    return typeof url === 'string' && typeof pid === 'number' ? { url: platformUrl(url), pid } : undefined;
  } catch {
    return undefined;
  }
};

const addressOfLocal = async (terminal: Terminal, dataDir: string): Promise<Address> => {
  const directory = resolve(terminal.cwd, dataDir);
  const running = await runningPlatform(directory);
  if (running === undefined) throw noPlatform(dataDir);
  const given = terminal.env['SIMFLEET_TOKEN'];
  if (given !== undefined && given !== '') return { url: running.url, token: checkedToken(given, 'SIMFLEET_TOKEN') };
  const text = await readOrUndefined(join(directory, 'admin-token'));
  if (text === undefined) throw noPlatform(dataDir);
  return { url: running.url, token: checkedToken(text, `the token in ${join(dataDir, 'admin-token')}`) };
};

/**
 * Finds address and token: SIMFLEET_URL with SIMFLEET_TOKEN or a stored login, else the local platform.
 * Throws `unavailable` when no platform runs there, `unauthenticated` without a token; both say what to do.
 */
export const addressFinder =
  (terminal: Terminal, choice: Choice): FindAddress =>
  () =>
    choice.url === undefined ? addressOfLocal(terminal, choice.dataDir) : addressOfUrl(terminal, choice.url);
