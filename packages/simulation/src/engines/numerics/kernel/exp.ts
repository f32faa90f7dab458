import { expC2, expC3, expC4, expStepHigh, expStepLow, expStepsPerUnit, expTable } from './tables';

/** Adding it rounds a double below 2^51 to the nearest integer, which then stands in the low bits. */
const roundingMagic: f64 = 6755399441055744.0;

/**
 * e^x for both lanes, within 1.0 ulp for −690 ≤ x ≤ 700; lower x give about 1e−300 instead of less. The caller keeps x ≤ 700.
 * x = k·ln2/128 + r; e^x = 2^(k/128)·e^r with 2^(j/128) from a table and e^r by a polynomial of degree 4 (Tang, "Table-driven
 * implementation of the exponential function", ACM TOMS 15, 1989).
 */
// @ts-ignore: decorator
@inline
export function exp(argument: v128): v128 {
  const x = f64x2.pmax(argument, f64x2.splat(-690.0));
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(expStepsPerUnit)), f64x2.splat(roundingMagic));
  const k = f64x2.sub(shifted, f64x2.splat(roundingMagic));
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(k, f64x2.splat(expStepHigh))), f64x2.mul(k, f64x2.splat(expStepLow)));
  const square = f64x2.mul(r, r);
  const high = f64x2.add(f64x2.splat(expC3), f64x2.mul(r, f64x2.splat(expC4)));
  const rest = f64x2.add(r, f64x2.mul(square, f64x2.add(f64x2.splat(expC2), f64x2.mul(r, high))));
  const offsets = i64x2.shl(v128.and(shifted, i64x2.splat(127)), 3);
  const low = v128.load64_zero(expTable + <usize>i64x2.extract_lane(offsets, 0));
  const entries = v128.load64_lane(expTable + <usize>i64x2.extract_lane(offsets, 1), low, 1);
  const exponent = i64x2.shl(v128.andnot(shifted, i64x2.splat(127)), 45);
  const scale = i64x2.add(entries, exponent);
  return f64x2.add(scale, f64x2.mul(scale, rest));
}
