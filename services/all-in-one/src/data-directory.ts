import { access, constants, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SimfleetError } from '@simfleet/contracts';

/** The files of a platform, all of them its user's alone. The store adds its own beside them. */
export interface DataDirectory {
  readonly path: string;
  readonly adminToken: string;
  readonly cursorKey: string;
  /** Where clients on this machine find the platform; there only while it is ready. */
  readonly platform: string;
}

/** Who serves this data directory, as `platform.json` says it. */
export interface PlatformFile {
  readonly url: string;
  /** Where clients open sockets; null when there are none. */
  readonly socketsUrl: string | null;
  readonly pid: number;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** Makes the directory (mode 0700) when it is not there. Throws `invalid-configuration` when it is none or cannot be written to, `storage-full`. */
export const openDataDirectory = async (given: string): Promise<DataDirectory> => {
  const path = resolve(given);
  try {
    await makeDirectory(path);
    if (!(await stat(path)).isDirectory()) throw Object.assign(new Error('no directory'), { code: 'ENOTDIR' });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw directoryError(path, error);
  }
  return {
    path,
    adminToken: join(path, 'admin-token'),
    cursorKey: join(path, 'cursor-key'),
    platform: join(path, 'platform.json'),
  };
};

/**
 * Makes the directory and those above it. Node's own `recursive` goes round for ever where a file system answers ENOENT although the directory
 * above is there, as /proc does.
 */
const makeDirectory = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || (await exists(dirname(path)))) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
};

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOENT: 'no directory can be made there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'there is a file of that name',
  EEXIST: 'there is a file of that name',
};

const directoryError = (path: string, error: unknown): SimfleetError => {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SimfleetError('storage-full', `The disk of the data directory ${path} is full.`, { cause: error });
  }
  const reason = reasons[code] ?? code;
  return new SimfleetError(
    'invalid-configuration',
    `The data directory ${path} cannot be used: ${reason}. Choose another with --data-dir.`,
    {
      cause: error,
    },
  );
};

/** Written whole or not at all, readable by its owner only. */
export const announce = async (directory: DataDirectory, platform: PlatformFile): Promise<void> => {
  const draft = `${directory.platform}.${platform.pid}`;
  await writeFile(draft, `${JSON.stringify(platform)}\n`, { mode: 0o600 });
  await rename(draft, directory.platform);
};

export const withdraw = (directory: DataDirectory): Promise<void> => rm(directory.platform, { force: true });
