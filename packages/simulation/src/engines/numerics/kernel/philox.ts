import { both } from './constant';

/**
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11), four counters at a time: each
 * vector holds one 32-bit word of four consecutive counters. Counter words: path low, path high, stream, draw.
 */
const multiplier0: usize = memory.data<u32>([0xd2511f53, 0xd2511f53]);
const multiplier1: usize = memory.data<u32>([0xcd9e8d57, 0xcd9e8d57]);
const weyl0: i32 = 0x9e3779b9;
const weyl1: i32 = 0xbb67ae85;

/** Round keys, key 0 and key 1 of each of ten rounds as four equal lanes: 10 · 2 · 16 bytes. */
const keys: usize = memory.data(320, 16);

/** Must be called with the seed before any round. */
export function setKey(seed: u64): void {
  let key0 = <i32>seed;
  let key1 = <i32>(seed >>> 32);
  for (let round = 0; round < 10; round++) {
    v128.store(keys + 32 * round, i32x4.splat(key0));
    v128.store(keys + 32 * round, i32x4.splat(key1), 16);
    key0 += weyl0;
    key1 += weyl1;
  }
}

// @ts-ignore: decorator
@inline
export function key0(round: usize): v128 {
  return v128.load(keys + 32 * round);
}

// @ts-ignore: decorator
@inline
export function key1(round: usize): v128 {
  return v128.load(keys + 32 * round + 16);
}

// @ts-ignore: decorator
@inline
export function firstMultiplier(): v128 {
  return both(multiplier0);
}

// @ts-ignore: decorator
@inline
export function secondMultiplier(): v128 {
  return both(multiplier1);
}

/** Upper halves of the 64-bit products of a word and a multiplier. */
// @ts-ignore: decorator
@inline
export function upper(word: v128, multiplier: v128): v128 {
  const counters01 = i64x2.extmul_low_i32x4_u(word, multiplier);
  const counters23 = i64x2.extmul_high_i32x4_u(word, multiplier);
  return v128.shuffle<i32>(counters01, counters23, 1, 3, 5, 7);
}

/** Lower halves: a multiplication of their own keeps the shuffle unit, of which rounds need most, free. */
// @ts-ignore: decorator
@inline
export function lower(word: v128, multiplier: v128): v128 {
  return i32x4.mul(word, multiplier);
}

/** All ten rounds for four counters; stores as `philoxFrom2` does, twice the same. */
// @ts-ignore: decorator
@inline
export function philox(word0: v128, word1: v128, word2: v128, word3: v128, target: usize): void {
  const m = firstMultiplier();
  const n = secondMultiplier();
  const a1 = v128.xor(upper(word2, n), v128.xor(word1, key0(0)));
  const b1 = lower(word2, n);
  const c1 = v128.xor(upper(word0, m), v128.xor(word3, key1(0)));
  const d1 = lower(word0, m);
  const a = v128.xor(upper(c1, n), v128.xor(b1, key0(1)));
  const b = lower(c1, n);
  const c = v128.xor(upper(a1, m), v128.xor(d1, key1(1)));
  const d = lower(a1, m);
  philoxFrom2(a, b, c, d, a, b, c, d, target);
}

/**
 * Rounds 2 … 9 of ten for two times four counters, from the words (a, b, c, d) and (e, f, g, h) that rounds 0 and 1 left; interleaved,
 * since one chain of rounds leaves the multipliers idle. Sixty-four random bits are (word 0 · 2^32 + word 1) and (word 2 · 2^32 + word 3):
 * stores 16 u64 at `target`: the first of the four counters (a, b, c, d), their second; the same of (e, f, g, h).
 */
// @ts-ignore: decorator
@inline
export function philoxFrom2(
  a2: v128,
  b2: v128,
  c2: v128,
  d2: v128,
  e2: v128,
  f2: v128,
  g2: v128,
  h2: v128,
  target: usize,
): void {
  const m = firstMultiplier();
  const n = secondMultiplier();
  const a3 = v128.xor(upper(c2, n), v128.xor(b2, key0(2)));
  const e3 = v128.xor(upper(g2, n), v128.xor(f2, key0(2)));
  const b3 = lower(c2, n);
  const f3 = lower(g2, n);
  const c3 = v128.xor(upper(a2, m), v128.xor(d2, key1(2)));
  const g3 = v128.xor(upper(e2, m), v128.xor(h2, key1(2)));
  const d3 = lower(a2, m);
  const h3 = lower(e2, m);
  const a4 = v128.xor(upper(c3, n), v128.xor(b3, key0(3)));
  const e4 = v128.xor(upper(g3, n), v128.xor(f3, key0(3)));
  const b4 = lower(c3, n);
  const f4 = lower(g3, n);
  const c4 = v128.xor(upper(a3, m), v128.xor(d3, key1(3)));
  const g4 = v128.xor(upper(e3, m), v128.xor(h3, key1(3)));
  const d4 = lower(a3, m);
  const h4 = lower(e3, m);
  const a5 = v128.xor(upper(c4, n), v128.xor(b4, key0(4)));
  const e5 = v128.xor(upper(g4, n), v128.xor(f4, key0(4)));
  const b5 = lower(c4, n);
  const f5 = lower(g4, n);
  const c5 = v128.xor(upper(a4, m), v128.xor(d4, key1(4)));
  const g5 = v128.xor(upper(e4, m), v128.xor(h4, key1(4)));
  const d5 = lower(a4, m);
  const h5 = lower(e4, m);
  const a6 = v128.xor(upper(c5, n), v128.xor(b5, key0(5)));
  const e6 = v128.xor(upper(g5, n), v128.xor(f5, key0(5)));
  const b6 = lower(c5, n);
  const f6 = lower(g5, n);
  const c6 = v128.xor(upper(a5, m), v128.xor(d5, key1(5)));
  const g6 = v128.xor(upper(e5, m), v128.xor(h5, key1(5)));
  const d6 = lower(a5, m);
  const h6 = lower(e5, m);
  const a7 = v128.xor(upper(c6, n), v128.xor(b6, key0(6)));
  const e7 = v128.xor(upper(g6, n), v128.xor(f6, key0(6)));
  const b7 = lower(c6, n);
  const f7 = lower(g6, n);
  const c7 = v128.xor(upper(a6, m), v128.xor(d6, key1(6)));
  const g7 = v128.xor(upper(e6, m), v128.xor(h6, key1(6)));
  const d7 = lower(a6, m);
  const h7 = lower(e6, m);
  const a8 = v128.xor(upper(c7, n), v128.xor(b7, key0(7)));
  const e8 = v128.xor(upper(g7, n), v128.xor(f7, key0(7)));
  const b8 = lower(c7, n);
  const f8 = lower(g7, n);
  const c8 = v128.xor(upper(a7, m), v128.xor(d7, key1(7)));
  const g8 = v128.xor(upper(e7, m), v128.xor(h7, key1(7)));
  const d8 = lower(a7, m);
  const h8 = lower(e7, m);
  const a9 = v128.xor(upper(c8, n), v128.xor(b8, key0(8)));
  const e9 = v128.xor(upper(g8, n), v128.xor(f8, key0(8)));
  const b9 = lower(c8, n);
  const f9 = lower(g8, n);
  const c9 = v128.xor(upper(a8, m), v128.xor(d8, key1(8)));
  const g9 = v128.xor(upper(e8, m), v128.xor(h8, key1(8)));
  const d9 = lower(a8, m);
  const h9 = lower(e8, m);
  lastRound(a9, b9, c9, d9, target);
  lastRound(e9, f9, g9, h9, target + 64);
}

/** The last round leaves high and low words of the products where a u64 wants them. */
// @ts-ignore: decorator
@inline
function lastRound(a: v128, b: v128, c: v128, d: v128, target: usize): void {
  const m = firstMultiplier();
  const n = secondMultiplier();
  const zero = i64x2.splat(0);
  const x = v128.xor(b, key0(9));
  const y = v128.xor(d, key1(9));
  v128.store(target, v128.xor(i64x2.extmul_low_i32x4_u(c, n), v128.shuffle<i32>(zero, x, 0, 4, 1, 5)));
  v128.store(target, v128.xor(i64x2.extmul_high_i32x4_u(c, n), v128.shuffle<i32>(zero, x, 2, 6, 3, 7)), 16);
  v128.store(target, v128.xor(i64x2.extmul_low_i32x4_u(a, m), v128.shuffle<i32>(zero, y, 0, 4, 1, 5)), 32);
  v128.store(target, v128.xor(i64x2.extmul_high_i32x4_u(a, m), v128.shuffle<i32>(zero, y, 2, 6, 3, 7)), 48);
}
