import { bounded, expOf, wholeSteps } from '../../numerics/kernel/exp';
import { normals } from '../../numerics/kernel/inverse-normal';
import { average, bothLanes, fill } from '../../numerics/kernel/moments';
import { firstMultiplier, key0, key1, lower, philoxFrom2, roundCounters, secondMultiplier, setKey, upper } from '../../numerics/kernel/philox';

export { probeExp, probeLog, probeNormal, probePhilox } from '../../numerics/kernel/probes';

/** Paths of a chunk, whose numbers stay in the first-level cache. A multiple of 16; aligned to absolute paths. */
const chunkPaths: u32 = 512;
/** Random bits, then whole steps of the exponent: u64 a path. */
const bits: usize = memory.data(4096, 16);
/** Normals, then exponents, then pay-offs: f64 a path. */
const values: usize = memory.data(4096, 16);
/** Mean, second centred moment and count of non-zero pay-offs, three f64, undiscounted. */
const results: usize = memory.data(24, 16);

/**
 * Simulates paths first … first + count − 1, count ≥ 1, in one exact step: S = spot·exp(drift + deviation·z), pay-off
 * max(sign·(S − strike), 0). Path 8q + j takes the first (j < 4) or second uniform of counter 4q + j mod 4, stream 0, draw 0, so
 * that no uniform is thrown away. Returns the address of `results`.
 */
export function simulate(
  seed: u64,
  first: u64,
  count: u32,
  spot: f64,
  strike: f64,
  drift: f64,
  deviation: f64,
  sign: f64,
): usize {
  setKey(seed);
  const end = first + <u64>count;
  let shift = 0.0;
  let known = false;
  let nonZero: u64 = 0;
  let sum = 0.0;
  let squares = 0.0;
  for (let chunk = first - (first % chunkPaths); chunk < end; chunk += chunkPaths) {
    const from = chunk < first ? <u32>(first - chunk) : 0;
    const to = chunk + chunkPaths > end ? <u32>(end - chunk) : chunkPaths;
    const low = from & ~15;
    const high = (to + 15) & ~15;
    drawBits(chunk >>> 1, low, high);
    normals(bits + 8 * low, values + 8 * low, (high - low) / 4);
    payOffs(low, high, spot, strike, drift, deviation, sign);
    if (!known) {
      shift = average(values, from, to);
      known = true;
    }
    // Paths outside the block get the shift itself, which adds nothing to the sums.
    const padding = fill(values, low, from, shift) + fill(values, to, high, shift);
    if (shift != 0.0) nonZero -= padding;
    const centre = f64x2.splat(shift);
    const zero = f64x2.splat(0.0);
    let sumLanes = zero;
    let squareLanes = zero;
    let zeroLanes = i64x2.splat(0);
    for (let path = low; path < high; path += 2) {
      const payOff = v128.load(values + 8 * path);
      const distance = f64x2.sub(payOff, centre);
      sumLanes = f64x2.add(sumLanes, distance);
      squareLanes = f64x2.add(squareLanes, f64x2.mul(distance, distance));
      zeroLanes = i64x2.sub(zeroLanes, f64x2.ne(payOff, zero));
    }
    sum += bothLanes(sumLanes);
    squares += bothLanes(squareLanes);
    nonZero += i64x2.extract_lane(zeroLanes, 0) + i64x2.extract_lane(zeroLanes, 1);
  }
  const paths = <f64>count;
  f64.store(results, shift + sum / paths);
  f64.store(results, max(squares - (sum * sum) / paths, 0.0), 8);
  f64.store(results, <f64>nonZero, 16);
  return results;
}

/** Sixty-four bits for each path low … high − 1 of the chunk whose first counter is `base`. */
function drawBits(base: u64, low: u32, high: u32): void {
  // Stream 0, draw 0. Only word 0 varies in a chunk: half of round 0 and half of round 1 are constant.
  const m = firstMultiplier();
  const n = secondMultiplier();
  const a1 = v128.xor(i32x4.splat(<i32>(base >>> 32)), key0(0));
  const a2 = key0(1);
  const c2 = v128.xor(upper(a1, m), key1(1));
  const d2 = lower(a1, m);
  const rounds = ((high - low) / 2 + roundCounters - 1) / roundCounters;
  const end = low + 16 * rounds;
  // Pairs go down from the end until they meet the vectors; where both do a counter, both store the same.
  let pair = high / 2 - 2;
  for (let path = low; path < end; path += 16) {
    const path0 = i32x4.add(i32x4.splat(<i32>base + <i32>(path >>> 1)), i32x4(0, 1, 2, 3));
    const path4 = i32x4.add(path0, i32x4.splat(4));
    const c1 = v128.xor(upper(path0, m), key1(0));
    const g1 = v128.xor(upper(path4, m), key1(0));
    philoxFrom2(
      v128.xor(a2, upper(c1, n)),
      lower(c1, n),
      v128.xor(c2, lower(path0, m)),
      d2,
      v128.xor(a2, upper(g1, n)),
      lower(g1, n),
      v128.xor(c2, lower(path4, m)),
      d2,
      bits + 8 * path,
      <u32>base + pair,
      <u32>(base >>> 32),
      0,
      0,
      bits + 64 * (pair / 4) + 8 * (pair & 3),
    );
    pair -= 2;
  }
}

/** Turns normals into pay-offs, in place. */
function payOffs(low: u32, high: u32, spot: f64, strike: f64, drift: f64, deviation: f64, sign: f64): void {
  const move = f64x2.splat(drift);
  const scale = f64x2.splat(deviation);
  for (let path = low; path < high; path += 4) {
    const step = bits + 8 * path;
    const place = values + 8 * path;
    const xA = bounded(f64x2.add(move, f64x2.mul(scale, v128.load(place))));
    const xB = bounded(f64x2.add(move, f64x2.mul(scale, v128.load(place, 16))));
    v128.store(place, xA);
    v128.store(place, xB, 16);
    v128.store(step, wholeSteps(xA));
    v128.store(step, wholeSteps(xB), 16);
  }
  const zero = f64x2.splat(0.0);
  const signedSpot = f64x2.splat(sign * spot);
  const signedStrike = f64x2.splat(sign * strike);
  for (let path = low; path < high; path += 4) {
    const step = bits + 8 * path;
    const place = values + 8 * path;
    const growthA = expOf(v128.load(place), v128.load(step), load<u8>(step), load<u8>(step, 8));
    const growthB = expOf(v128.load(place, 16), v128.load(step, 16), load<u8>(step, 16), load<u8>(step, 24));
    v128.store(place, f64x2.pmax(zero, f64x2.sub(f64x2.mul(signedSpot, growthA), signedStrike)));
    v128.store(place, f64x2.pmax(zero, f64x2.sub(f64x2.mul(signedSpot, growthB), signedStrike)), 16);
  }
}
