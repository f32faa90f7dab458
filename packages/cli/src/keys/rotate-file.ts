import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { readCursorKeyLines, SimfleetError, writeCursorKeyLines } from '@simfleet/contracts';
import type { CursorKeyLine } from '@simfleet/contracts';

/**
 * Replaces the lines of a file of cursor keys in one step, so that a running platform reads the old ones or the new ones whole. A draft beside it keeps
 * a second rotation out. The file stays its owner's, who may be another than the administrator who rotates. Throws `invalid-configuration` when there is no such file, it holds something else, or another rotation is under way.
 */
export const rotateFile = async (
  named: string,
  change: (lines: readonly CursorKeyLine[]) => readonly CursorKeyLine[],
): Promise<readonly CursorKeyLine[]> => {
  // What a link leads to is replaced, not the link. Opening the draft tells of a file that is not there.
  const path = await realpath(named).catch(() => named);
  const draft = `${path}.new`;
  const file = await open(draft, 'wx', 0o600).catch((cause: unknown) => {
    throw refusal(path, draft, cause);
  });
  try {
    const lines = change(readCursorKeyLines(await readFile(path, 'utf8')));
    await file.writeFile(writeCursorKeyLines(lines));
    await giveToOwner(file, path);
    await file.sync();
    await rename(draft, path);
    return lines;
  } catch (cause) {
    await rm(draft, { force: true });
    throw refusal(path, draft, cause);
  } finally {
    await file.close();
  }
};

const giveToOwner = async (file: FileHandle, path: string): Promise<void> => {
  const [{ uid, gid }, draft] = await Promise.all([stat(path), file.stat()]);
  if (uid !== draft.uid) await file.chown(uid, gid);
};

const refusal = (path: string, draft: string, cause: unknown): unknown => {
  if (cause instanceof SimfleetError) return new SimfleetError(cause.code, `${path}: ${cause.detail}`, { cause });
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EEXIST') {
    const detail = `another rotation is under way, or one was cut off: remove ${draft} in that case`;
    return new SimfleetError('invalid-configuration', detail, { cause });
  }
  if (code !== 'ENOENT') return cause;
  return new SimfleetError('invalid-configuration', `there is no ${path}: name it with --file, or --data-dir`, {
    cause,
  });
};
