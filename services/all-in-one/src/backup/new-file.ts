import type { FileHandle } from 'node:fs/promises';
import { access, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SimfleetError } from '@simfleet/contracts';

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

const faultOf = (file: string, error: unknown): unknown => {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SimfleetError('storage-full', `There is no room for ${file}.`, { cause: error });
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new SimfleetError('not-found', `There is no directory ${dirname(file)}.`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new SimfleetError('forbidden', `${dirname(file)} may not be written to: ${code}.`, { cause: error });
  return error;
};

const refuseOld = async (file: string): Promise<void> => {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw new SimfleetError('already-exists', `${file} is there already. Choose another name with --out.`);
};

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/**
 * Makes a file of mode 0600 that has its name only once `write` and then `check` (of the file under its other name) have resolved and the disk has
 * it. Whatever ends this before leaves at most a file named `.….partial`. Throws `already-exists`, `not-found` (no such directory), `forbidden`,
 * `storage-full`, and what `write` and `check` throw.
 */
export const makeFile = async (
  { file, pid }: { readonly file: string; readonly pid: number },
  write: (sink: NodeJS.WritableStream) => Promise<void>,
  check: (draft: string) => Promise<void>,
): Promise<void> => {
  await refuseOld(file);
  const draft = join(dirname(file), `.${basename(file)}.${pid}.partial`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(draft, 'wx', 0o600);
    // `flush`: fsync before it closes.
    await write(handle.createWriteStream({ flush: true }));
    await check(draft);
    await refuseOld(file);
    await rename(draft, file);
    await syncDirectory(dirname(file));
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw faultOf(file, error);
  }
};
