import { createHash } from 'node:crypto';

/**
 * A UUID in version 7 form (RFC 9562 §5.7): 48 bits of time, then bits that only the key decides, so that repetitions of one request
 * make the same one and ids still sort by time.
 */
export const effectIdOf = (recordId: string, createdAt: string): string => {
  const bytes = createHash('sha256').update(`${recordId} ${createdAt}`).digest().subarray(0, 16);
  return uuid7(Date.parse(createdAt), bytes);
};

/** `random`: 16 bytes, of which 74 bits are used. */
export const uuid7 = (ms: number, random: Buffer): string => {
  const bytes = Buffer.from(random);
  bytes.writeUIntBE(ms, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
