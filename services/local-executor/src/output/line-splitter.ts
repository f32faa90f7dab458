import { StringDecoder } from 'node:string_decoder';

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Hands out what has no line end yet. */
  flush(): void;
}

/**
 * Cuts a byte stream into lines of at most `maxBytes` bytes of UTF-8 (roughly: the cut is made between characters); a longer line goes on as the
 * next one, so that no output can hold the platform's memory.
 */
export const splitLines = (maxBytes: number, onLine: (line: string) => void): LineSplitter => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string): void => {
    rest += text;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      emit(rest.slice(0, end).replace(/\r$/, ''));
      rest = rest.slice(end + 1);
    }
    while (Buffer.byteLength(rest) > maxBytes) rest = emitPart(rest);
  };
  const emit = (line: string): void => {
    let left = line;
    while (Buffer.byteLength(left) > maxBytes) left = emitPart(left);
    onLine(left);
  };
  /** Four bytes hold any character: a quarter of the bytes is always short enough in characters. */
  const emitPart = (text: string): string => {
    const characters = [...text.slice(0, maxBytes)];
    let bytes = 0;
    let count = 0;
    while (count < characters.length) {
      bytes += Buffer.byteLength(characters[count] ?? '');
      if (bytes > maxBytes) break;
      count++;
    }
    const part = characters.slice(0, count).join('');
    onLine(part);
    return text.slice(part.length);
  };
  return {
    push: (chunk) => take(decoder.write(chunk)),
    flush() {
      take(decoder.end());
      if (rest !== '') emit(rest);
      rest = '';
    },
  };
};
