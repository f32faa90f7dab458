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
const two: usize = memory.data<f64>([2.0]);

/** Most groups of four that one call of `normals` takes. */
const mostGroups: u32 = 128;
/** For each lane the place of its tail in its segment, f64. */
const places: usize = memory.data(4096, 16);
/** For each lane the address of its segment's row in the low half of a u64. */
const rows: usize = memory.data(4096, 16);
/** Offsets of the groups with a tail below the table. */
const rareGroups: usize = memory.data(528, 16);
/** Rows of which only the constant term, |z| of a tail below the table, is not 0. */
const rareRows: usize = memory.data(24576, 16);
const rowBytes: u32 = 48;
const rowBytesTwice: usize = memory.data<u32>([48, 48]);
/** The table starts with the segment at 2^−10, whose exponent field is 0x3f5. */
const firstRow: usize = memory.data<u32>([<u32>normalTable - 0xfd40 * 48, 0]);

/**
 * Turns 64 random bits at `source` into a standard normal at `target`, elsewhere, for `groups` ≤ 128 groups of four. Inversion of the
 * 53-bit uniform that has its sign from the lowest bit (1 = negative) and the two-sided tail t = (2·(bits >>> 12) + 1)·2^−53, so
 * u = t/2 or 1 − t/2 lies strictly inside (0, 1), is symmetric about 1/2, and both tails are exact. |z| is within 5 ulp, at most 8.3.
 * Segments are found in a pass of their own: through memory addresses reach the address units faster than out of vector registers.
 */
export function normals(source: usize, target: usize, groups: u32): void {
  const bytes = min(groups, mostGroups) * 32;
  const rare = findSegments(source, bytes);
  if (rare > 0) replaceRows(source, rare);
  for (let at: u32 = 0; at < bytes; at += 32) {
    v128.store(target + at, normal(v128.load(source + at), at));
    v128.store(target + at, normal(v128.load(source + at, 16), at + 16), 16);
  }
}

/** Fills `places` and `rows`; returns how many groups hold a tail below the table. */
function findSegments(source: usize, bytes: u32): u32 {
  const exponent = both(one);
  const less = both(oneLess);
  const low = both(tableStart);
  const mask = both(localMask);
  const end = both(localEnd);
  const anchor = both(two);
  const size = both(rowBytesTwice);
  const first = both(firstRow);
  let rare: u32 = 0;
  for (let at: u32 = 0; at < bytes; at += 32) {
    const tailA = f64x2.sub(v128.or(i64x2.shr_u(v128.load(source + at), 12), exponent), less);
    const tailB = f64x2.sub(v128.or(i64x2.shr_u(v128.load(source + at, 16), 12), exponent), less);
    // One lane in 1024 is below the table: noted without a branch, done after the others.
    store<u32>(rareGroups + 4 * rare, at);
    rare += <u32>(i64x2.bitmask(f64x2.lt(f64x2.pmin(tailA, tailB), low)) != 0);
    v128.store(rows + at, i32x4.add(i32x4.mul(i64x2.shr_u(f64x2.pmax(low, tailA), 46), size), first));
    v128.store(rows + at, i32x4.add(i32x4.mul(i64x2.shr_u(f64x2.pmax(low, tailB), 46), size), first), 16);
    v128.store(places + at, f64x2.sub(v128.or(v128.and(tailA, mask), end), anchor));
    v128.store(places + at, f64x2.sub(v128.or(v128.and(tailB, mask), end), anchor), 16);
  }
  return rare;
}

/** Gives lanes below the table rows of their own. */
function replaceRows(source: usize, rare: u32): void {
  let row = rareRows;
  for (let i: u32 = 0; i < rare; i++) {
    const at = load<u32>(rareGroups + 4 * i);
    for (let half: u32 = at; half < at + 32; half += 16) {
      const tail = uniformTail(v128.load(source + half));
      const below = i64x2.bitmask(f64x2.lt(tail, both(tableStart)));
      if (below == 0) continue;
      const z = farTail(tail);
      if ((below & 1) != 0) {
        v128.store64_lane(row, z, 0);
        store<u32>(rows + half, <u32>row);
        row += rowBytes;
      }
      if ((below & 2) != 0) {
        v128.store64_lane(row, z, 1);
        store<u32>(rows + half, <u32>row, 8);
        row += rowBytes;
      }
    }
  }
}

/** The standard normals that the random `bits` of two lanes at byte `at` make. */
// @ts-ignore: decorator
@inline
function normal(bits: v128, at: usize): v128 {
  const z = inSegments(v128.load(places + at), load<u32>(rows + at), load<u32>(rows + at, 8));
  return v128.xor(z, i64x2.shl(bits, 63));
}

// @ts-ignore: decorator
@inline
function uniformTail(bits: v128): v128 {
  return f64x2.sub(v128.or(i64x2.shr_u(bits, 12), both(one)), both(oneLess)); // exact
}

/**
 * |z| for tails in [2^−10, 1): a polynomial of degree 5 in each of 64 segments an octave, about the segment's right end, so that |z|
 * keeps its relative accuracy down to 0. `t`: mantissa of the tail less that of the right end; `left`, `right`: the lanes' rows.
 */
// @ts-ignore: decorator
@inline
function inSegments(t: v128, left: usize, right: usize): v128 {
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
function step(sum: v128, y: v128, coefficient: usize): v128 {
  return f64x2.add(f64x2.mul(sum, y), both(coefficient));
}

/** |z| of lanes below 2^−10 as s·P(log s²), s² = −2·log(tail/2); greater tails count as 2^−10. */
function farTail(tail: v128): v128 {
  const square = f64x2.mul(f64x2.splat(-2.0), log(f64x2.mul(f64x2.pmin(both(tableStart), tail), f64x2.splat(0.5))));
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
  return f64x2.mul(f64x2.sqrt(square), sum);
}
