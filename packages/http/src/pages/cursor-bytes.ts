import type { Position } from '@simfleet/storage';

/** What a cursor says: the row it stands beside, and in which direction the page lies. */
export interface CursorContent {
  readonly direction: 'next' | 'prev';
  readonly position: Position;
  /** Milliseconds since 1970, a multiple of an hour. */
  readonly expires: number;
}

/** One tag a type, so that a key comes back as the very value it was: full precision, null, and text that is no valid UTF-16 too. */
const tag = { null: 0, false: 1, true: 2, number: 3, utf8: 4, utf16: 5, integer64: 6, time: 7 } as const;

const hourMs = 3_600_000;
const timeForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** Layout: direction (1) · expiry in hours (4, big-endian) · key (tag, value) · id (tag, value). The same content gives the same bytes. */
export const toBytes = ({ direction, position, expires }: CursorContent): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt8(direction === 'next' ? 0 : 1, 0);
  head.writeUInt32BE(expires / hourMs, 1);
  return Buffer.concat([head, valueBytes(position.key), textBytes(position.id)]);
};

/** Null when the bytes are no cursor of this layout. */
export const fromBytes = (bytes: Buffer): CursorContent | null => {
  const reader = { bytes, at: 5 };
  if (bytes.length < 7 || bytes.readUInt8(0) > 1) return null;
  const key = readValue(reader);
  const id = readValue(reader);
  if (key === undefined || typeof id !== 'string' || reader.at !== bytes.length) return null;
  const direction = bytes.readUInt8(0) === 0 ? 'next' : 'prev';
  return { direction, expires: bytes.readUInt32BE(1) * hourMs, position: { key, id } };
};

const valueBytes = (key: Position['key']): Buffer => {
  if (key === null) return Buffer.of(tag.null);
  if (typeof key === 'boolean') return Buffer.of(key ? tag.true : tag.false);
  if (typeof key === 'string') return integerBytes(key) ?? timeBytes(key) ?? textBytes(key);
  const bytes = Buffer.alloc(9, tag.number);
  bytes.writeDoubleBE(key, 1);
  return bytes;
};

/** Decimal strings of signed 64 bits; null for any other text, and for spellings that would not come back the same (`007`, `-0`). */
const integerBytes = (text: string): Buffer | null => {
  if (!/^-?\d{1,19}$/.test(text)) return null;
  const value = BigInt(text);
  if (value !== BigInt.asIntN(64, value) || value.toString() !== text) return null;
  const bytes = Buffer.alloc(9, tag.integer64);
  bytes.writeBigInt64BE(value, 1);
  return bytes;
};

const timeBytes = (text: string): Buffer | null => {
  if (!timeForm.test(text)) return null;
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== text) return null;
  const bytes = Buffer.alloc(9, tag.time);
  bytes.writeDoubleBE(ms, 1);
  return bytes;
};

const textBytes = (text: string): Buffer => {
  const utf8 = text.isWellFormed();
  const content = Buffer.from(text, utf8 ? 'utf8' : 'utf16le');
  const head = Buffer.alloc(5, utf8 ? tag.utf8 : tag.utf16);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
};

/** Undefined when there is no whole value at this place. */
const readValue = (reader: { readonly bytes: Buffer; at: number }): Position['key'] | undefined => {
  const { bytes } = reader;
  const kind = bytes[reader.at++];
  if (kind === tag.null) return null;
  if (kind === tag.false || kind === tag.true) return kind === tag.true;
  if (kind === tag.utf8 || kind === tag.utf16) {
    if (reader.at + 4 > bytes.length) return undefined;
    const start = reader.at + 4;
    reader.at = start + bytes.readUInt32BE(reader.at);
    return reader.at > bytes.length
      ? undefined
      : bytes.toString(kind === tag.utf8 ? 'utf8' : 'utf16le', start, reader.at);
  }
  const start = reader.at;
  reader.at += 8;
  if (reader.at > bytes.length) return undefined;
  if (kind === tag.number) return bytes.readDoubleBE(start);
  if (kind === tag.integer64) return bytes.readBigInt64BE(start).toString();
  if (kind === tag.time) return new Date(bytes.readDoubleBE(start)).toISOString();
  return undefined;
};
