/** What came in one frame of a server (RFC 6455 §5.2), which masks nothing. */
export interface ServerFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface ClientFrame {
  readonly opcode: number;
  readonly payload?: Uint8Array;
  readonly fin?: boolean;
  /** Clients mask; one that does not is up to no good. */
  readonly masked?: boolean;
  /** Bits of the first byte to set besides: 0x40, 0x20, 0x10. */
  readonly reserved?: number;
}

const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

export const encodeFrame = ({
  opcode,
  payload = new Uint8Array(),
  fin = true,
  masked = true,
  reserved = 0,
}: ClientFrame): Buffer => {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const header = Buffer.alloc(2 + extended);
  header[0] = (fin ? 0x80 : 0) | reserved | opcode;
  header[1] = (masked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) header.writeUInt16BE(length, 2);
  if (extended === 8) header.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([header, payload]);
  return Buffer.concat([header, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))]);
};

export const closePayload = (code: number, reason = ''): Buffer => {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
};

/** Cuts what arrives into frames. Throws when a server masks. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #bytes = 0;

  *read(piece: Buffer): Generator<ServerFrame> {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    for (;;) {
      const buffer = this.#pieces.length === 1 ? this.#pieces[0] : undefined;
      const head = buffer ?? Buffer.concat(this.#pieces.slice(0, 3));
      const size = frameSize(head);
      if (size === null || size.total > this.#bytes) return;
      const all = buffer ?? Buffer.concat(this.#pieces);
      this.#pieces = [all.subarray(size.total)];
      this.#bytes -= size.total;
      const first = all[0] ?? 0;
      yield { opcode: first & 0x0f, fin: (first & 0x80) !== 0, payload: all.subarray(size.start, size.total) };
    }
  }
}

const frameSize = (head: Buffer): { readonly start: number; readonly total: number } | null => {
  if (head.length < 2) return null;
  const second = head[1] ?? 0;
  if ((second & 0x80) !== 0) throw new Error('the server masks its frames');
  if (second < 126) return { start: 2, total: 2 + second };
  if (head.length < 10)
    return second === 126 && head.length >= 4 ? { start: 4, total: 4 + head.readUInt16BE(2) } : null;
  if (second === 126) return { start: 4, total: 4 + head.readUInt16BE(2) };
  return { start: 10, total: 10 + Number(head.readBigUInt64BE(2)) };
};
