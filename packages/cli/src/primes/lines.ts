import { oddSegments } from './sieve.ts';

/** Bytes of a chunk, and of the longest line (16 digits and the end). */
const CHUNK = 2 ** 16;
const LONGEST_LINE = 17;
const ZERO = 48;
const LINE_END = 10;

/** Writes the decimal digits of `value` and a line end at `at`; answers the offset behind them. Quicker than strings. */
const writeLine = (bytes: Uint8Array, at: number, value: number): number => {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits += 1;
  let rest = value;
  for (let index = at + digits - 1; index >= at; index -= 1) {
    const quotient = Math.floor(rest / 10);
    bytes[index] = ZERO + (rest - quotient * 10);
    rest = quotient;
  }
  bytes[at + digits] = LINE_END;
  return at + digits + 1;
};

/**
 * The first `count` primes as text, one a line, in chunks of about 64 KiB. A chunk is valid until the next one is asked for.
 * `count`: a positive integer.
 */
export function* primeLines(count: number): Generator<Uint8Array> {
  const bytes = new Uint8Array(CHUNK);
  let used = writeLine(bytes, 0, 2);
  let left = count - 1;
  for (const { start, flags } of left > 0 ? oddSegments() : []) {
    for (let index = flags.indexOf(0); index !== -1 && left > 0; index = flags.indexOf(0, index + 1)) {
      used = writeLine(bytes, used, start + 2 * index);
      left -= 1;
      if (used > CHUNK - LONGEST_LINE) {
        yield bytes.subarray(0, used);
        used = 0;
      }
    }
    if (left === 0) break;
  }
  if (used > 0) yield bytes.subarray(0, used);
}
