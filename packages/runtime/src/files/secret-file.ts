import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { SimfleetError } from '@simfleet/contracts';

/**
 * The content of a file that only its owner may read; made by `create` when it is not there. It is written whole under another name and
 * linked into place, so that a crash leaves no half secret and of two processes that start together both read the same one.
 * Throws `invalid-configuration` when others may read the file, `storage-full`.
 */
export const readOrCreateSecret = async (path: string, create: () => string): Promise<string> => {
  const existing = await readSecret(path);
  if (existing !== null) return existing;
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeWhole(draft, create());
    await link(draft, path);
  } catch (error) {
    if (isSystemError(error, 'ENOSPC') || isSystemError(error, 'EDQUOT')) {
      throw new SimfleetError('storage-full', `the disk is full: ${path} could not be written`, { cause: error });
    }
    // Another process was quicker; its secret is the one that counts.
    if (!isSystemError(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return (await readSecret(path)) ?? '';
};

/** Creates the file, or fails when there is one; on the disk before it returns. */
const writeWhole = async (path: string, content: string): Promise<void> => {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
};

/**
 * Whether nobody but its owner can use the file. A group may read one that nobody may write, since Kubernetes hands mounted Secrets to the
 * user of a pod that way: owned by root, mode 0440, the pod's group.
 */
const isKept = (mode: number): boolean => (mode & 0o077) === 0 || (mode & 0o777) === 0o440;

/** The content of a file that only its owner may read; null when there is none. Throws `invalid-configuration` when others may read it. */
export const readSecret = async (path: string): Promise<string | null> => {
  try {
    const { mode } = await stat(path);
    if (!isKept(mode)) {
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
