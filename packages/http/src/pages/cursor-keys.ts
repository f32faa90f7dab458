import { hkdfSync, randomBytes } from 'node:crypto';
import { SimfleetError } from '@simfleet/contracts';
import { readOrCreateSecret } from '../access/secret-file.ts';

/** Keys of one generation: one to authenticate, one to encrypt. */
export interface CursorKey {
  /** 0 … 255, written in the clear in front of each cursor. */
  readonly id: number;
  readonly authentication: Buffer;
  readonly encryption: Buffer;
}

/** The first key makes cursors, all are accepted: rotate by putting a new one in front, and drop the old one once its cursors expired. */
export type CursorKeys = readonly [CursorKey, ...CursorKey[]];

/** `secret`: at least 32 random bytes. The two keys are drawn from it by HKDF-SHA-256 (RFC 5869). */
export const cursorKey = (id: number, secret: Buffer): CursorKey => {
  const derived = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `simfleet cursor ${purpose}`, 32));
  return { id, authentication: derived('authentication'), encryption: derived('encryption') };
};

/**
 * Keys from a file of lines `<id> <secret in base64url>`, newest first; made with one random key at first start (mode 0600).
 * Throws `invalid-configuration` when others may read the file or a line is no key.
 */
export const readCursorKeys = async (path: string): Promise<CursorKeys> => {
  const content = await readOrCreateSecret(path, () => `1 ${randomBytes(32).toString('base64url')}\n`);
  const [first, ...others] = content
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => keyOfLine(path, line, index + 1));
  if (first === undefined) throw new SimfleetError('invalid-configuration', `${path} holds no key`);
  if (new Set([first, ...others].map((key) => key.id)).size <= others.length) {
    throw new SimfleetError('invalid-configuration', `${path} holds two keys of the same id`);
  }
  return [first, ...others];
};

const keyOfLine = (path: string, line: string, number: number): CursorKey => {
  const [, id, secret = ''] = /^\s*(\d{1,3})\s+([A-Za-z0-9_-]{43,})\s*$/.exec(line) ?? [];
  if (id !== undefined && Number(id) <= 255) return cursorKey(Number(id), Buffer.from(secret, 'base64url'));
  const detail = `${path}, line ${number}: must be an id (0 … 255), a space and at least 32 bytes in base64url`;
  throw new SimfleetError('invalid-configuration', detail);
};
