import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SimfleetError } from '@simfleet/contracts';
import type { Terminal } from '../terminal.ts';

/** Tokens by the address of their platform, in a file that only its owner reads. */
type Credentials = Readonly<Record<string, { readonly token: string }>>;

export const credentialsFile = (terminal: Pick<Terminal, 'env' | 'home'>): string => {
  const configured = terminal.env['XDG_CONFIG_HOME'];
  const base = configured === undefined || configured === '' ? join(terminal.home, '.config') : configured;
  return join(base, 'simfleet', 'credentials.json');
};

const isMissing = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';

const parse = (file: string, text: string): Credentials => {
  try {
    return JSON.parse(text) as Credentials;
  } catch (cause) {
    throw new SimfleetError('invalid-configuration', `${file} is not JSON: remove it and log in again`, { cause });
  }
};

const readCredentials = async (file: string): Promise<Credentials> => {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0)
      throw new SimfleetError('invalid-configuration', `${file} is readable by others: run \`chmod 600 ${file}\``);
    return parse(file, await readFile(file, 'utf8'));
  } catch (cause) {
    if (isMissing(cause)) return {};
    throw cause;
  }
};

/** Replaces the file in one step, so that an interruption leaves the old or the new one. */
const writeCredentials = async (file: string, credentials: Credentials, unique: number): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${unique}.tmp`;
  try {
    await writeFile(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    await chmod(draft, 0o600);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
};

/** The stored token for a platform, or undefined. Throws `invalid-configuration` when others may read the file. */
export const storedToken = async (terminal: Terminal, url: string): Promise<string | undefined> => {
  const credentials = await readCredentials(credentialsFile(terminal));
  return Object.hasOwn(credentials, url) ? credentials[url]?.token : undefined;
};

/** Keeps a token for a platform (null: forgets it) and answers the file it is in. */
export const storeToken = async (terminal: Terminal, url: string, token: string | null): Promise<string> => {
  const file = credentialsFile(terminal);
  const { [url]: _old, ...others } = await readCredentials(file);
  await writeCredentials(file, token === null ? others : { ...others, [url]: { token } }, terminal.now());
  return file;
};
