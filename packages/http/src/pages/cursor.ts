import { createCipheriv, createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SimfleetError } from '@simfleet/contracts';
import type { Filter, Position, Sort } from '@simfleet/storage';
import type { Clock } from '@simfleet/runtime';
import { canonicalJson } from './canonical-json.ts';
import { fromBytes, toBytes } from './cursor-bytes.ts';
import { makingKey } from './cursor-keys.ts';
import type { CursorKey, CursorKeys } from './cursor-keys.ts';

/** What a cursor is bound to. It opens only for exactly the same. */
export interface CursorScope {
  /** Name of the list: `jobs`. */
  readonly list: string;
  readonly filter: Filter | null;
  readonly sort: Sort;
  /** Whose view of the list: principal and customer. */
  readonly viewer: string;
}

export interface CursorCodec {
  /** The same bytes for the same scope, place and hour of expiry. */
  seal(scope: CursorScope, direction: 'next' | 'prev', position: Position): string;
  /** Throws `invalid-cursor` for anything but a cursor of this scope that has not expired. */
  open(scope: CursorScope, cursor: string): { readonly direction: 'next' | 'prev'; readonly position: Position };
}

export interface CursorCodecOptions {
  /** Asked at each use when it is a function: keys change while the platform runs. */
  readonly keys: CursorKeys | (() => CursorKeys);
  readonly clock: Clock;
  /** How long a cursor is good at least; default three days, as AIP-158 advises. */
  readonly lifetimeMs?: number;
}

const version = 1;
const tagBytes = 16;
const hourMs = 3_600_000;
const defaultLifetimeMs = 72 * hourMs;
/** Keys and ids are short; anything longer is no cursor of ours. */
const longestCursor = 16_384;

/**
 * Cursors are deterministic authenticated encryption: the synthetic initialisation vector construction (Rogaway and Shrimpton, 2006;
 * RFC 5297 is its AES-CMAC form) with HMAC-SHA-256, cut to 128 bits, over scope and content, and AES-256-CTR under that tag. So a
 * cursor needs no nonce, shows nothing of the row, and cannot be made, changed or moved to another list.
 * Layout before base64url: version (1) · key id (1) · tag (16) · encrypted content.
 */
export const createCursorCodec = ({ keys, clock, lifetimeMs = defaultLifetimeMs }: CursorCodecOptions): CursorCodec => {
  const known = (): CursorKeys => (typeof keys === 'function' ? keys() : keys);
  return {
    seal(scope, direction, position) {
      const expires = Math.ceil((clock.now() + lifetimeMs) / hourMs) * hourMs;
      const content = toBytes({ direction, position, expires });
      const key = makingKey(known(), clock.now());
      const tag = tagOf(key, scope, content);
      const cipher = createCipheriv('aes-256-ctr', key.encryption, tag);
      return Buffer.concat([Buffer.of(version, key.id), tag, cipher.update(content), cipher.final()]).toString(
        'base64url',
      );
    },
    open(scope, cursor) {
      const bytes = Buffer.from(cursor.length > longestCursor ? '' : cursor, 'base64url');
      const key = known().find(({ id }) => id === bytes[1]);
      // Decoding skips letters that are not base64url and spare bits; only the one true spelling passes.
      if (bytes[0] !== version || key === undefined || bytes.toString('base64url') !== cursor) throw invalidCursor();
      const tag = bytes.subarray(2, 2 + tagBytes);
      if (tag.length !== tagBytes) throw invalidCursor();
      const decipher = createDecipheriv('aes-256-ctr', key.encryption, tag);
      const content = Buffer.concat([decipher.update(bytes.subarray(2 + tagBytes)), decipher.final()]);
      if (!timingSafeEqual(tag, tagOf(key, scope, content))) throw invalidCursor();
      const read = fromBytes(content);
      if (read === null) throw invalidCursor();
      if (read.expires <= clock.now()) throw invalidCursor('the cursor has expired');
      return { direction: read.direction, position: read.position };
    },
  };
};

/** Over the digest of the scope (fixed length, so that scope and content cannot run into each other) and the content. */
const tagOf = (key: CursorKey, scope: CursorScope, content: Buffer): Buffer => {
  const { list, filter, sort, viewer } = scope;
  const bound = createHash('sha256').update(
    canonicalJson([version, key.id, list, filter, sort.field, sort.direction, viewer]),
  );
  return createHmac('sha256', key.authentication).update(bound.digest()).update(content).digest().subarray(0, tagBytes);
};

const invalidCursor = (detail = 'the cursor is not one of this list'): SimfleetError =>
  new SimfleetError('invalid-cursor', `${detail}; start again without one`, {
    mistakes: [{ pointer: '#query/cursor', detail }],
  });
