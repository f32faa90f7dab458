import { randomBytes } from 'node:crypto';
import { link, open, readFile, stat, unlink } from 'node:fs/promises';
import { SimfleetError } from '@simfleet/contracts';

/**
 * The content of a file that only its owner may read; made by `create` when it is not there. It is written whole under another name and
 * linked into place, so that a crash leaves no half secret and of two processes that start together both read the same one.
 * Throws `invalid-configuration` when others may read the file.
 */
export const readOrCreateSecret = async (path: string, create: () => string): Promise<string> => {
  const existing = await readSecret(path);
  if (existing !== null) return existing;
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(create());
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  return (await readSecret(path)) ?? '';
};

/** Null when there is no such file. */
const readSecret = async (path: string): Promise<string | null> => {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      const detail = `${path} can be read or changed by others (mode ${(mode & 0o777).toString(8)}): run chmod 600 on it, or remove it to get a new one`;
      throw new SimfleetError('invalid-configuration', detail);
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
};

const isSystemError = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
