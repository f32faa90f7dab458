import { hkdfSync } from 'node:crypto';

/** Keys of one generation: one to authenticate, one to encrypt. */
export interface CursorKey {
  /** 0 … 255, written in the clear in front of each cursor. */
  readonly id: number;
  readonly authentication: Buffer;
  readonly encryption: Buffer;
  /** Milliseconds since 1970 from which on the key makes cursors; 0 = always. It opens them before. */
  readonly from: number;
}

export type CursorKeys = readonly [CursorKey, ...CursorKey[]];

/** `secret`: at least 32 random bytes. The two keys are drawn from it by HKDF-SHA-256 (RFC 5869). */
export const cursorKey = (id: number, secret: Buffer, from = 0): CursorKey => {
  const derived = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `simfleet cursor ${purpose}`, 32));
  return { id, authentication: derived('authentication'), encryption: derived('encryption'), from };
};

/**
 * The key that makes cursors at this time: the newest whose time has come, of equals the first. All keys open: so that a new one is read by
 * every replica before any of them uses it.
 */
export const makingKey = (keys: CursorKeys, now: number): CursorKey => {
  const due = keys.filter(({ from }) => from <= now);
  const newest = (best: CursorKey, key: CursorKey): CursorKey => (key.from > best.from ? key : best);
  const [first, ...others] = due;
  // No time has come yet: the one whose time comes first.
  if (first === undefined) return keys.reduce((best, key) => (key.from < best.from ? key : best));
  return others.reduce(newest, first);
};
