import { both } from './constant';
import { log } from './log';
import {
  normalTable,
  tailC0, tailC1, tailC2, tailC3, tailC4, tailC5, tailC6, tailC7, tailC8, tailC9, tailC10, tailC11, tailC12, tailC13, tailC14,
  tailMiddle,
} from './tables';

const tableStart: usize = memory.data<f64>([0.0009765625]); // 2^−10
const oneLess: usize = memory.data<f64>([0.99999999999999988898]); // 1 − 2^−53
const one: usize = memory.data<u64>([0x3ff0000000000000]);
const localMask: usize = memory.data<u64>([0x00003fffffffffff]);
const localEnd: usize = memory.data<u64>([0x3fffc00000000000]);
const signBit: usize = memory.data<u64>([0x8000000000000000]);
const two: usize = memory.data<f64>([2.0]);

/** Most groups of four that one call of `normals` takes. */
const mostGroups: u32 = 128;
/** Segment number of each lane, u64, counted from exponent 0. */
const segments: usize = memory.data(4096, 16);
/** Offsets of the groups with a tail below the table. */
const rareGroups: usize = memory.data(528, 16);

/**
 * Turns 64 random bits at `source` into a standard normal at `target`, elsewhere, for `groups` ≤ 128 groups of four. Inversion of the
 * 53-bit uniform that has its sign from the lowest bit (1 = negative) and the two-sided tail t = (2·(bits >>> 12) + 1)·2^−53, so
 * u = t/2 or 1 − t/2 lies strictly inside (0, 1), is symmetric about 1/2, and both tails are exact. |z| is within 5 ulp, at most 8.3.
 * Segments are found in a pass of their own: through memory they reach the address units faster than out of vector registers.
 */
export function normals(source: usize, target: usize, groups: u32): void {
  const bytes = min(groups, mostGroups) * 32;
  const rare = findSegments(source, target, bytes);
  interpolate(target, bytes);
  for (let i: u32 = 0; i < rare; i++) {
    const at = load<u32>(rareGroups + 4 * i);
    for (let half: u32 = at; half < at + 32; half += 16) {
      const bits = v128.load(source + half);
      v128.store(target + half, v128.xor(anyTail(uniformTail(bits)), i64x2.shl(bits, 63)));
    }
  }
}

/** Leaves signed tails at `target` and segments in `segments`; returns how many groups hold a tail below the table. */
function findSegments(source: usize, target: usize, bytes: u32): u32 {
  const exponent = both(one);
  const less = both(oneLess);
  const low = both(tableStart);
  let rare: u32 = 0;
  for (let at: u32 = 0; at < bytes; at += 32) {
    const bitsA = v128.load(source + at);
    const bitsB = v128.load(source + at, 16);
    const tailA = f64x2.sub(v128.or(i64x2.shr_u(bitsA, 12), exponent), less);
    const tailB = f64x2.sub(v128.or(i64x2.shr_u(bitsB, 12), exponent), less);
    // One lane in 1024 is below the table: noted without a branch, done after the others.
    store<u32>(rareGroups + 4 * rare, at);
    rare += <u32>(i64x2.bitmask(f64x2.lt(f64x2.pmin(tailA, tailB), low)) != 0);
    v128.store(segments + at, i64x2.shr_u(f64x2.pmax(low, tailA), 46));
    v128.store(segments + at, i64x2.shr_u(f64x2.pmax(low, tailB), 46), 16);
    v128.store(target + at, v128.xor(tailA, i64x2.shl(bitsA, 63)));
    v128.store(target + at, v128.xor(tailB, i64x2.shl(bitsB, 63)), 16);
  }
  return rare;
}

/** Turns signed tails into normals, in place; wrong for those below the table. */
function interpolate(target: usize, bytes: u32): void {
  const mask = both(localMask);
  const end = both(localEnd);
  const anchor = both(two);
  const sign = both(signBit);
  for (let at: u32 = 0; at < bytes; at += 16) {
    const tail = v128.load(target + at);
    const t = f64x2.sub(v128.or(v128.and(tail, mask), end), anchor);
    const z = inSegments(t, load<u32>(segments + at), load<u32>(segments + at, 8));
    v128.store(target + at, v128.xor(z, v128.and(tail, sign)));
  }
}

// @ts-ignore: decorator
@inline
function uniformTail(bits: v128): v128 {
  return f64x2.sub(v128.or(i64x2.shr_u(bits, 12), both(one)), both(oneLess)); // exact
}

/**
 * |z| for tails in [2^−10, 1): a polynomial of degree 5 in each of 64 segments an octave, about the segment's right end, so that |z|
 * keeps its relative accuracy down to 0. `t`: mantissa of the tail less that of the right end.
 */
// @ts-ignore: decorator
@inline
function inSegments(t: v128, leftSegment: usize, rightSegment: usize): v128 {
  // The table starts with the segment at 2^−10, whose exponent field is 0x3f5.
  const left = normalTable + (leftSegment - 0xfd40) * 48;
  const right = normalTable + (rightSegment - 0xfd40) * 48;
  const l0 = v128.load(left);
  const l1 = v128.load(left, 16);
  const l2 = v128.load(left, 32);
  const r0 = v128.load(right);
  const r1 = v128.load(right, 16);
  const r2 = v128.load(right, 32);
  let sum = v128.shuffle<i64>(l2, r2, 1, 3);
  sum = f64x2.add(f64x2.mul(sum, t), v128.shuffle<i64>(l2, r2, 0, 2));
  sum = f64x2.add(f64x2.mul(sum, t), v128.shuffle<i64>(l1, r1, 1, 3));
  sum = f64x2.add(f64x2.mul(sum, t), v128.shuffle<i64>(l1, r1, 0, 2));
  sum = f64x2.add(f64x2.mul(sum, t), v128.shuffle<i64>(l0, r0, 1, 3));
  return f64x2.add(f64x2.mul(sum, t), v128.shuffle<i64>(l0, r0, 0, 2));
}

/** For pairs of which one or both lie below the table. */
function centre(tail: v128): v128 {
  const t = f64x2.sub(v128.or(v128.and(tail, both(localMask)), both(localEnd)), both(two));
  const segment = i64x2.shr_u(tail, 46);
  return inSegments(t, <usize>i64x2.extract_lane(segment, 0), <usize>i64x2.extract_lane(segment, 1));
}

// @ts-ignore: decorator
@inline
function step(sum: v128, y: v128, coefficient: usize): v128 {
  return f64x2.add(f64x2.mul(sum, y), both(coefficient));
}

/** Lanes below 2^−10 by |z| = s·P(log s²), s² = −2·log(tail/2). */
function anyTail(tail: v128): v128 {
  const low = both(tableStart);
  const square = f64x2.mul(f64x2.splat(-2.0), log(f64x2.mul(f64x2.pmin(low, tail), f64x2.splat(0.5))));
  const y = f64x2.sub(log(square), both(tailMiddle));
  let sum = both(tailC14);
  sum = step(sum, y, tailC13);
  sum = step(sum, y, tailC12);
  sum = step(sum, y, tailC11);
  sum = step(sum, y, tailC10);
  sum = step(sum, y, tailC9);
  sum = step(sum, y, tailC8);
  sum = step(sum, y, tailC7);
  sum = step(sum, y, tailC6);
  sum = step(sum, y, tailC5);
  sum = step(sum, y, tailC4);
  sum = step(sum, y, tailC3);
  sum = step(sum, y, tailC2);
  sum = step(sum, y, tailC1);
  sum = step(sum, y, tailC0);
  const far = f64x2.mul(f64x2.sqrt(square), sum);
  return v128.bitselect(far, centre(f64x2.pmax(low, tail)), f64x2.lt(tail, low));
}
