/**
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11), four counters at a time: each
 * vector holds one 32-bit word of four consecutive counters. Counter words: path low, path high, stream, draw.
 */
const multiplier0: i32 = 0xd2511f53;
const multiplier1: i32 = 0xcd9e8d57;
const weyl0: i32 = 0x9e3779b9;
const weyl1: i32 = 0xbb67ae85;
export const rounds: i32 = 10;

/** Round keys, key 0 and key 1 of each round as four equal lanes: 10 · 2 · 16 bytes. */
const keys: usize = memory.data(320, 16);

/** Must be called with the seed before `philox`. */
export function setKey(seed: u64): void {
  let key0 = <i32>seed;
  let key1 = <i32>(seed >>> 32);
  for (let round = 0; round < rounds; round++) {
    v128.store(keys + 32 * round, i32x4.splat(key0));
    v128.store(keys + 32 * round, i32x4.splat(key1), 16);
    key0 += weyl0;
    key1 += weyl1;
  }
}

// @ts-ignore: decorator
@inline
function key0(round: i32): v128 {
  return v128.load(keys + 32 * round);
}

// @ts-ignore: decorator
@inline
function key1(round: i32): v128 {
  return v128.load(keys + 32 * round, 16);
}

// @ts-ignore: decorator
@inline
function lowWords(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function highWords(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 1, 3, 5, 7);
}

/**
 * Sixty-four random bits are (word 0 · 2^32 + word 1) and (word 2 · 2^32 + word 3) of a counter's four words. Stores, for counters
 * 0 … 3, the first of each at `target` and the second of each at `target` + 32: eight u64.
 */
// @ts-ignore: decorator
@inline
export function philox(counter0: v128, counter1: v128, counter2: v128, counter3: v128, target: usize): void {
  const m0 = i32x4.splat(multiplier0);
  const m1 = i32x4.splat(multiplier1);
  let c0 = counter0;
  let c1 = counter1;
  let c2 = counter2;
  let c3 = counter3;
  for (let round = 0; round < rounds - 1; round++) {
    const a = i64x2.extmul_low_i32x4_u(c0, m0);
    const b = i64x2.extmul_high_i32x4_u(c0, m0);
    const c = i64x2.extmul_low_i32x4_u(c2, m1);
    const d = i64x2.extmul_high_i32x4_u(c2, m1);
    c0 = v128.xor(v128.xor(highWords(c, d), c1), key0(round));
    c1 = lowWords(c, d);
    c2 = v128.xor(v128.xor(highWords(a, b), c3), key1(round));
    c3 = lowWords(a, b);
  }
  // The last round leaves high and low words of the products where a u64 wants them.
  const zero = i64x2.splat(0);
  const x = v128.xor(c1, key0(rounds - 1));
  const y = v128.xor(c3, key1(rounds - 1));
  const first = i64x2.extmul_low_i32x4_u(c2, m1);
  const second = i64x2.extmul_high_i32x4_u(c2, m1);
  const third = i64x2.extmul_low_i32x4_u(c0, m0);
  const fourth = i64x2.extmul_high_i32x4_u(c0, m0);
  v128.store(target, v128.xor(first, v128.shuffle<i32>(zero, x, 0, 4, 1, 5)));
  v128.store(target, v128.xor(second, v128.shuffle<i32>(zero, x, 2, 6, 3, 7)), 16);
  v128.store(target, v128.xor(third, v128.shuffle<i32>(zero, y, 0, 4, 1, 5)), 32);
  v128.store(target, v128.xor(fourth, v128.shuffle<i32>(zero, y, 2, 6, 3, 7)), 48);
}
