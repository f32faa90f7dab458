import { randomBytes } from 'node:crypto';
import { readCursorKeyLines, SimfleetError, writeCursorKeyLines } from '@simfleet/contracts';
import { followFiles, readOrCreateSecret, readSecret } from '@simfleet/runtime';
import type { FollowOptions } from '@simfleet/runtime';
import { cursorKey } from './cursor-keys.ts';
import type { CursorKeys } from './cursor-keys.ts';

/**
 * Keys from a file of lines `<id> <secret in base64url> [<from>]`; made with one random key at first start (mode 0600).
 * Throws `invalid-configuration` when others may read the file or a line is no key.
 */
export const readCursorKeys = async (path: string): Promise<CursorKeys> =>
  keysOf(path, await readOrCreateSecret(path, firstFile));

const firstFile = (): string =>
  writeCursorKeyLines([{ id: 1, secret: randomBytes(32).toString('base64url'), from: 0 }]);

const keysOf = (path: string, content: string): CursorKeys => {
  try {
    const [first, ...others] = readCursorKeyLines(content).map(({ id, secret, from }) =>
      cursorKey(id, Buffer.from(secret, 'base64url'), from),
    );
    if (first !== undefined) return [first, ...others];
  } catch (cause) {
    if (cause instanceof SimfleetError) throw new SimfleetError(cause.code, `${path}: ${cause.detail}`, { cause });
    throw cause;
  }
  throw new SimfleetError('invalid-configuration', `${path} holds no key`);
};

export interface FollowKeysOptions extends FollowOptions {
  readonly path: string;
}

/**
 * The keys of the file as it is now: it is read again every 5 s, so that a rotation needs no restart. A file that cannot be read, or is none, is
 * told once and leaves the keys as they were. Throws as `readCursorKeys` at the start.
 */
export const followCursorKeys = async ({ path, ...surroundings }: FollowKeysOptions): Promise<() => CursorKeys> => {
  let keys = await readCursorKeys(path);
  const readAgain = async (): Promise<void> => {
    const content = await readSecret(path);
    if (content === null) throw new SimfleetError('invalid-configuration', `${path} is gone`);
    keys = keysOf(path, content);
  };
  followFiles(readAgain, 'the keys of cursors stay as they were', surroundings);
  return () => keys;
};
