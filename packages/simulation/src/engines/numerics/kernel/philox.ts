import { both } from './constant';

/**
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11), ten counters at a time: each vector
 * holds one 32-bit word of four consecutive counters, and two more counters run in scalar registers, because V8 shuffles both operands
 * of every widening product and the shuffle units are what limits the vectors. Counter words: path low, path high, stream, draw.
 */
export const roundCounters: u32 = 10;
const multiplier0: usize = memory.data<u32>([0xd2511f53, 0xd2511f53]);
const multiplier1: usize = memory.data<u32>([0xcd9e8d57, 0xcd9e8d57]);
const wide0: u64 = 0xd2511f53;
const wide1: u64 = 0xcd9e8d57;
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

/** Word 0 or 2 after a round: upper half of a product, lower half of the one before, and the key at `key`. */
// @ts-ignore: decorator
@inline
function mixed(product: u64, other: u32, key: usize): u32 {
  return <u32>(product >>> 32) ^ other ^ load<u32>(key);
}

/** All ten rounds for four counters, and for the pair whose first is the first of them; stores as `philoxFrom2` does. */
// @ts-ignore: decorator
@inline
export function philox(word0: v128, word1: v128, word2: v128, word3: v128, target: usize, pairTarget: usize): void {
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
  const low = i32x4.extract_lane(word0, 0);
  const high = i32x4.extract_lane(word1, 0);
  const stream = i32x4.extract_lane(word2, 0);
  philoxFrom2(a, b, c, d, a, b, c, d, target, low, high, stream, i32x4.extract_lane(word3, 0), pairTarget);
}

/**
 * Rounds 2 … 9 of ten for two times four counters, from the words (a, b, c, d) and (e, f, g, h) that rounds 0 and 1 left, and all rounds
 * for the pair (low, high, stream, draw) and (low + 1, high, stream, draw), low even; interleaved, since each leaves idle what the
 * others need. Sixty-four random bits are (word 0 · 2^32 + word 1) and (word 2 · 2^32 + word 3): stores 16 u64 at `target`: the first
 * of the four counters (a, b, c, d), their second; the same of (e, f, g, h). The pair's first ones go to `pairTarget`, the second ones
 * 32 bytes after.
 */
// @ts-ignore: decorator
@inline
export function philoxFrom2(
  a: v128,
  b: v128,
  c: v128,
  d: v128,
  e: v128,
  f: v128,
  g: v128,
  h: v128,
  target: usize,
  low: u32,
  high: u32,
  stream: u32,
  draw: u32,
  pairTarget: usize,
): void {
  const m = firstMultiplier();
  const n = secondMultiplier();
  // Round 0 of the pair: words (w, x, y, z) and (s, t, u, v).
  const streamProduct = <u64>stream * wide1;
  const product = <u64>low * wide0;
  const nextProduct = product + wide0;
  const a1 = mixed(streamProduct, high, keys);
  let y = mixed(product, draw, keys + 16);
  let u = mixed(nextProduct, draw, keys + 16);
  // Round 1.
  const shared = <u64>a1 * wide0;
  const first1 = <u64>y * wide1;
  const second1 = <u64>u * wide1;
  let w = mixed(first1, <u32>streamProduct, keys + 32);
  let s = mixed(second1, <u32>streamProduct, keys + 32);
  let x = <u32>first1;
  let t = <u32>second1;
  y = mixed(shared, <u32>product, keys + 48);
  u = mixed(shared, <u32>nextProduct, keys + 48);
  let z = <u32>shared;
  let v = z;
  for (let key = keys + 64; key < keys + 288; key += 32) {
    const nextA = v128.xor(upper(c, n), v128.xor(b, v128.load(key)));
    const first0 = <u64>w * wide0;
    const second0 = <u64>s * wide0;
    const nextE = v128.xor(upper(g, n), v128.xor(f, v128.load(key)));
    const first1 = <u64>y * wide1;
    const second1 = <u64>u * wide1;
    b = lower(c, n);
    f = lower(g, n);
    c = v128.xor(upper(a, m), v128.xor(d, v128.load(key, 16)));
    w = mixed(first1, x, key);
    x = <u32>first1;
    s = mixed(second1, t, key);
    t = <u32>second1;
    g = v128.xor(upper(e, m), v128.xor(h, v128.load(key, 16)));
    y = mixed(first0, z, key + 16);
    z = <u32>first0;
    u = mixed(second0, v, key + 16);
    v = <u32>second0;
    d = lower(a, m);
    h = lower(e, m);
    a = nextA;
    e = nextE;
  }
  lastRound(a, b, c, d, target);
  lastRound(e, f, g, h, target + 64);
  lastPairRound(w, x, y, z, pairTarget);
  lastPairRound(s, t, u, v, pairTarget + 8);
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

// @ts-ignore: decorator
@inline
function lastPairRound(w: u32, x: u32, y: u32, z: u32, target: usize): void {
  store<u64>(target, (<u64>y * wide1) ^ (<u64>(x ^ load<u32>(keys + 288)) << 32));
  store<u64>(target, (<u64>w * wide0) ^ (<u64>(z ^ load<u32>(keys + 304)) << 32), 32);
}
