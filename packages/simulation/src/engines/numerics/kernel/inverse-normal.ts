import { log } from './log';
import {
  normalTable,
  tailC0, tailC1, tailC2, tailC3, tailC4, tailC5, tailC6, tailC7, tailC8, tailC9, tailC10, tailC11, tailC12, tailC13, tailC14,
  tailMiddle,
} from './tables';

/**
 * Standard normals from 64 random bits a lane by inversion. The 53-bit uniform has the sign from the lowest bit (0 = negative)
 * and the two-sided tail t = (2·(bits >>> 12) + 1)·2^−53, so u = t/2 or 1 − t/2 lies strictly inside (0, 1), is symmetric about
 * 1/2, and both tails are exact. |z| is within 5 ulp, at most 8.3.
 */
// @ts-ignore: decorator
@inline
export function inverseNormal(bits: v128): v128 {
  const tail = uniformTail(bits);
  // One lane in 128 is below the table.
  const magnitude = v128.any_true(f64x2.lt(tail, f64x2.splat(0.0078125))) ? anyTail(tail) : centre(tail);
  return v128.xor(magnitude, i64x2.shl(v128.not(bits), 63));
}

// @ts-ignore: decorator
@inline
function uniformTail(bits: v128): v128 {
  const above = v128.or(i64x2.shr_u(bits, 12), i64x2.splat(0x3ff0000000000000));
  return f64x2.sub(above, f64x2.splat(0.99999999999999988898)); // 1 − 2^−53: exact
}

/**
 * 2^−7 ≤ tail < 1: a polynomial of degree 5 in each of 64 segments an octave, about the segment's right end, so that |z| keeps its
 * relative accuracy down to 0.
 */
// @ts-ignore: decorator
@inline
function centre(tail: v128): v128 {
  const local = v128.or(v128.and(tail, i64x2.splat(0x00003fffffffffff)), i64x2.splat(0x3fffc00000000000));
  const t = f64x2.sub(local, f64x2.splat(2.0));
  // Segments count from the one at 2^−7, whose exponent field is 0x3f8.
  const segment = i64x2.shr_u(tail, 46);
  const left = normalTable + (<usize>(<u32>i64x2.extract_lane(segment, 0)) - 0xfe00) * 48;
  const right = normalTable + (<usize>(<u32>i64x2.extract_lane(segment, 1)) - 0xfe00) * 48;
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

// @ts-ignore: decorator
@inline
function step(sum: v128, y: v128, coefficient: f64): v128 {
  return f64x2.add(f64x2.mul(sum, y), f64x2.splat(coefficient));
}

/** At least one lane below 2^−7: that one by |z| = s·P(log s²), s² = −2·log(tail/2). */
function anyTail(tail: v128): v128 {
  const low = f64x2.splat(0.0078125);
  const square = f64x2.mul(f64x2.splat(-2.0), log(f64x2.mul(f64x2.pmin(tail, low), f64x2.splat(0.5))));
  const y = f64x2.sub(log(square), f64x2.splat(tailMiddle));
  let sum = f64x2.splat(tailC14);
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
  return v128.bitselect(far, centre(f64x2.pmax(tail, low)), f64x2.lt(tail, low));
}
