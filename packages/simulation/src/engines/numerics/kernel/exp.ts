import { both } from './constant';
import { expC2, expC3, expC4, expStepHigh, expStepLow, expStepsPerUnit, expTable } from './tables';

/** Adding it rounds a double below 2^51 to the nearest integer, which then stands in the low bits. */
const roundingMagic: usize = memory.data<f64>([6755399441055744.0]);
const smallest: usize = memory.data<f64>([-690.0]);

/** x, not below −690: e^x of less is lost beside any price anyway, and the exponent arithmetic below would wrap. */
// @ts-ignore: decorator
@inline
export function bounded(x: v128): v128 {
  return f64x2.pmax(both(smallest), x);
}

/** Nearest multiple of ln2/256 to x, as a whole number in the low bits of each lane. */
// @ts-ignore: decorator
@inline
export function wholeSteps(x: v128): v128 {
  return f64x2.add(f64x2.mul(x, both(expStepsPerUnit)), both(roundingMagic));
}

/**
 * e^x for both lanes, within 1.0 ulp for −690 ≤ x ≤ 700, which the caller sees to; `steps` = wholeSteps(x), `left` and `right` the
 * lowest bytes of its lanes, which are faster through memory than out of a vector register.
 * x = k·ln2/256 + r; e^x = 2^(k/256)·e^r with 2^(j/256) from a table and e^r by a polynomial of degree 4 (Tang, "Table-driven
 * implementation of the exponential function", ACM TOMS 15, 1989).
 */
// @ts-ignore: decorator
@inline
export function expOf(x: v128, steps: v128, left: u32, right: u32): v128 {
  const low = v128.load64_zero(expTable + (left << 3));
  const entries = v128.load64_lane(expTable + (right << 3), low, 1);
  const scale = i64x2.add(entries, i64x2.shl(steps, 44));
  const k = f64x2.sub(steps, both(roundingMagic));
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(k, both(expStepHigh))), f64x2.mul(k, both(expStepLow)));
  const square = f64x2.mul(r, r);
  const high = f64x2.add(both(expC3), f64x2.mul(r, both(expC4)));
  const rest = f64x2.add(r, f64x2.mul(square, f64x2.add(both(expC2), f64x2.mul(r, high))));
  return f64x2.add(scale, f64x2.mul(scale, rest));
}

/** e^x for both lanes, within 1.0 ulp for −690 ≤ x ≤ 700; lower x give e^−690, about 1e−300. The caller keeps x ≤ 700. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const argument = bounded(x);
  const steps = wholeSteps(argument);
  return expOf(argument, steps, i8x16.extract_lane_u(steps, 0), i8x16.extract_lane_u(steps, 8));
}
