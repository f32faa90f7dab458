import { bounded, exp, expOf, wholeSteps } from '../../numerics/kernel/exp';
import { normals } from '../../numerics/kernel/inverse-normal';
import { average, bothLanes, fill } from '../../numerics/kernel/moments';
import { firstMultiplier, key0, key1, lower, philoxFrom2, roundCounters, secondMultiplier, setKey, upper } from '../../numerics/kernel/philox';

/** Paths of a chunk, a multiple of 4; aligned to absolute paths. */
const chunkPaths: u32 = 64;
/** Draws (two steps each) of four paths whose numbers are held at once: 4 KiB each. Even. */
const chunkDraws: u32 = 64;
/** Random bits, then whole steps of the exponents: four u64 a step. */
const bits: usize = memory.data(4096, 16);
/** Normals, then exponents: four f64 a step. */
const values: usize = memory.data(4096, 16);
const arithmetic: usize = memory.data(512, 16);
const geometric: usize = memory.data(512, 16);
/** f64: mean, second centred moment, count of non-zero pay-offs; mean and second centred moment of the control; co-moment. */
const results: usize = memory.data(48, 16);

/**
 * Simulates paths first … first + count − 1, count ≥ 1: each of `steps` steps multiplies the price by exp(drift + deviation·z). The
 * pay-off max(sign·(average − strike), 0) is on the arithmetic average over the steps; the control is the same on the geometric.
 * Step 2d of a path takes the first and step 2d + 1 the second uniform of the counter (path, stream 0, draw d). Returns the address of
 * `results`, undiscounted.
 */
export function simulate(
  seed: u64,
  first: u64,
  count: u32,
  steps: u32,
  spot: f64,
  strike: f64,
  drift: f64,
  deviation: f64,
  sign: f64,
): usize {
  setKey(seed);
  const end = first + <u64>count;
  let shift = 0.0;
  let controlShift = 0.0;
  let known = false;
  let nonZero: u64 = 0;
  let sum = 0.0;
  let squares = 0.0;
  let controlSum = 0.0;
  let controlSquares = 0.0;
  let products = 0.0;
  for (let chunk = first - (first % chunkPaths); chunk < end; chunk += chunkPaths) {
    const from = chunk < first ? <u32>(first - chunk) : 0;
    const to = chunk + chunkPaths > end ? <u32>(end - chunk) : chunkPaths;
    const low = from & ~3;
    const high = (to + 3) & ~3;
    for (let path = low; path < high; path += 4) walk(chunk + path, path, steps, spot, strike, drift, deviation, sign);
    if (!known) {
      shift = average(arithmetic, from, to);
      controlShift = average(geometric, from, to);
      known = true;
    }
    // Lanes outside the block get the shift itself, which adds nothing to the sums.
    const padding = fill(arithmetic, low, from, shift) + fill(arithmetic, to, high, shift);
    fill(geometric, low, from, controlShift);
    fill(geometric, to, high, controlShift);
    if (shift != 0.0) nonZero -= padding;
    let sumLanes = f64x2.splat(0.0);
    let squareLanes = f64x2.splat(0.0);
    let controlSumLanes = f64x2.splat(0.0);
    let controlSquareLanes = f64x2.splat(0.0);
    let productLanes = f64x2.splat(0.0);
    let zeroLanes = i64x2.splat(0);
    for (let path = low; path < high; path += 2) {
      const payOff = v128.load(arithmetic + 8 * path);
      const distance = f64x2.sub(payOff, f64x2.splat(shift));
      const controlDistance = f64x2.sub(v128.load(geometric + 8 * path), f64x2.splat(controlShift));
      sumLanes = f64x2.add(sumLanes, distance);
      squareLanes = f64x2.add(squareLanes, f64x2.mul(distance, distance));
      controlSumLanes = f64x2.add(controlSumLanes, controlDistance);
      controlSquareLanes = f64x2.add(controlSquareLanes, f64x2.mul(controlDistance, controlDistance));
      productLanes = f64x2.add(productLanes, f64x2.mul(distance, controlDistance));
      zeroLanes = i64x2.sub(zeroLanes, f64x2.ne(payOff, f64x2.splat(0.0)));
    }
    sum += bothLanes(sumLanes);
    squares += bothLanes(squareLanes);
    controlSum += bothLanes(controlSumLanes);
    controlSquares += bothLanes(controlSquareLanes);
    products += bothLanes(productLanes);
    nonZero += i64x2.extract_lane(zeroLanes, 0) + i64x2.extract_lane(zeroLanes, 1);
  }
  const paths = <f64>count;
  f64.store(results, shift + sum / paths);
  f64.store(results, max(squares - (sum * sum) / paths, 0.0), 8);
  f64.store(results, <f64>nonZero, 16);
  f64.store(results, controlShift + controlSum / paths, 24);
  f64.store(results, max(controlSquares - (controlSum * controlSum) / paths, 0.0), 32);
  f64.store(results, products - (sum * controlSum) / paths, 40);
  return results;
}

/** Four paths from `path` on, all steps; stores their pay-offs at `slot` … `slot` + 3 of the chunk. */
function walk(
  path: u64,
  slot: u32,
  steps: u32,
  spot: f64,
  strike: f64,
  drift: f64,
  deviation: f64,
  sign: f64,
): void {
  const move = f64x2.splat(drift);
  const scale = f64x2.splat(deviation);
  let logA = f64x2.splat(0.0);
  let logB = f64x2.splat(0.0);
  let logSumA = f64x2.splat(0.0);
  let logSumB = f64x2.splat(0.0);
  let sumA = f64x2.splat(0.0);
  let sumB = f64x2.splat(0.0);
  const path0 = i32x4.add(i32x4.splat(<i32>path), i32x4(0, 1, 2, 3));
  const path1 = i32x4.splat(<i32>(path >>> 32));
  // Stream 0. Only word 3 varies along a path: round 0 is constant but for word 2, and half of round 1 is.
  const m = firstMultiplier();
  const n = secondMultiplier();
  const a1 = v128.xor(path1, key0(0));
  const c1 = v128.xor(upper(path0, m), key1(0));
  const a2 = key0(1);
  const c2 = v128.xor(v128.xor(upper(a1, m), lower(path0, m)), key1(1));
  const d2 = lower(a1, m);
  for (let draw: u32 = 0; draw * 2 < steps; draw += chunkDraws) {
    const left = steps - draw * 2;
    const here = min(left, chunkDraws * 2);
    const draws = (here + 1) / 2;
    const rounds = (4 * draws + roundCounters - 1) / roundCounters;
    // Pairs go down from the end until they meet the vectors; where both do a counter, both store the same.
    let pair = 4 * draws - 2;
    for (let i: u32 = 0; i < 2 * rounds; i += 2) {
      const varyingC = v128.xor(c1, i32x4.splat(draw + i));
      const varyingG = v128.xor(c1, i32x4.splat(draw + i + 1));
      philoxFrom2(
        v128.xor(a2, upper(varyingC, n)),
        lower(varyingC, n),
        c2,
        d2,
        v128.xor(a2, upper(varyingG, n)),
        lower(varyingG, n),
        c2,
        d2,
        bits + 64 * i,
        <u32>path + (pair & 3),
        <u32>(path >>> 32),
        0,
        draw + pair / 4,
        bits + 64 * (pair / 4) + 8 * (pair & 3),
      );
      pair -= 2;
    }
    normals(bits, values, here);
    for (let step: u32 = 0; step < here; step++) {
      const offset = 32 * step;
      logA = f64x2.add(logA, f64x2.add(move, f64x2.mul(scale, v128.load(values + offset))));
      logB = f64x2.add(logB, f64x2.add(move, f64x2.mul(scale, v128.load(values + offset, 16))));
      logSumA = f64x2.add(logSumA, logA);
      logSumB = f64x2.add(logSumB, logB);
      const xA = bounded(logA);
      const xB = bounded(logB);
      v128.store(values + offset, xA);
      v128.store(values + offset, xB, 16);
      v128.store(bits + offset, wholeSteps(xA));
      v128.store(bits + offset, wholeSteps(xB), 16);
    }
    for (let step: u32 = 0; step < here; step++) {
      const place = values + 32 * step;
      const whole = bits + 32 * step;
      sumA = f64x2.add(sumA, expOf(v128.load(place), v128.load(whole), load<u8>(whole), load<u8>(whole, 8)));
      sumB = f64x2.add(sumB, expOf(v128.load(place, 16), v128.load(whole, 16), load<u8>(whole, 16), load<u8>(whole, 24)));
    }
  }
  const weight = f64x2.splat(1.0 / <f64>steps);
  const place = 8 * slot;
  v128.store(arithmetic + place, payOff(f64x2.mul(sumA, weight), spot, strike, sign));
  v128.store(arithmetic + place, payOff(f64x2.mul(sumB, weight), spot, strike, sign), 16);
  v128.store(geometric + place, payOff(exp(f64x2.mul(logSumA, weight)), spot, strike, sign));
  v128.store(geometric + place, payOff(exp(f64x2.mul(logSumB, weight)), spot, strike, sign), 16);
}

// @ts-ignore: decorator
@inline
function payOff(growth: v128, spot: f64, strike: f64, sign: f64): v128 {
  return f64x2.pmax(f64x2.splat(0.0), f64x2.sub(f64x2.mul(f64x2.splat(sign * spot), growth), f64x2.splat(sign * strike)));
}
