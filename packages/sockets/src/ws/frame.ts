const textFrame = 0x81;
const binaryFrame = 0x82;

/** A whole message in one unmasked frame (RFC 6455 §5.2), as servers send it. */
export const frameOf = (message: string | Uint8Array): Buffer => {
  const text = typeof message === 'string';
  const length = text ? Buffer.byteLength(message) : message.byteLength;
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = text ? textFrame : binaryFrame;
  if (start === 2) frame[1] = length;
  else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length >>> 0, 6);
  }
  if (text) frame.write(message, start);
  else frame.set(message, start);
  return frame;
};
