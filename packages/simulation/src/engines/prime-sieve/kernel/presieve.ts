import { residues } from './wheel';

/** Multiples of 7, 11, 13, 17 repeat every 17017 bytes of the wheel, those of 19, 23, 29 every 12673. Each pattern is followed by its start. */
const periodA: u32 = 17017;
const periodB: u32 = 12673;
const patternA: usize = memory.data(17040, 16);
const patternB: usize = memory.data(12696, 16);

let ready: bool = false;

/** Fills bytes 0 … bytes − 1 of `target`, which may overrun by 15, with all residues but the multiples of 7 … 29. */
export function presieve(target: usize, origin: u64, bytes: u32): void {
  if (!ready) {
    fillPattern(patternA, periodA, 7, 11, 13, 17);
    fillPattern(patternB, periodB, 19, 23, 29, 29);
    ready = true;
  }
  let a = <u32>(origin % periodA);
  let b = <u32>(origin % periodB);
  for (let i: u32 = 0; i < bytes; i += 16) {
    v128.store(target + i, v128.and(v128.load(patternA + a), v128.load(patternB + b)));
    a += 16;
    b += 16;
    if (a >= periodA) a -= periodA;
    if (b >= periodB) b -= periodB;
  }
}

function fillPattern(pattern: usize, period: u32, p: u32, q: u32, r: u32, s: u32): void {
  for (let i: u32 = 0; i < period + 16; i++) {
    let bits: u32 = 0;
    for (let bit = 0; bit < 8; bit++) {
      const value = 30 * i + <u32>load<u8>(residues + bit);
      if (value % p && value % q && value % r && value % s) bits |= 1 << bit;
    }
    store<u8>(pattern + i, bits);
  }
}
