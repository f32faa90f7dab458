import { exp } from '../../numerics/kernel/exp';
import { inverseNormal } from '../../numerics/kernel/inverse-normal';
import { average, bothLanes, fill } from '../../numerics/kernel/moments';
import { philox, setKey } from '../../numerics/kernel/philox';

export { probeExp, probeLog, probeNormal, probePhilox } from '../../numerics/kernel/probes';

/** Paths of a chunk: its bits and pay-offs (4 KiB) stay in the first-level cache. A multiple of 8; aligned to absolute paths. */
const chunkPaths: u32 = 512;
const lanes: usize = memory.data(4096, 16);
/** Mean, second centred moment and count of non-zero pay-offs, three f64, undiscounted. */
const results: usize = memory.data(24, 16);

/**
 * Simulates paths first … first + count − 1, count ≥ 1, in one exact step: S = spot·exp(drift + deviation·z), pay-off
 * max(sign·(S − strike), 0). Paths 2q and 2q + 1 take the two uniforms of counter q, stream 0, draw 0. Returns the address of
 * `results`.
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
    const low = from & ~7;
    const high = (to + 7) & ~7;
    drawBits(chunk >>> 1, low, high);
    payOffs(low, high, spot, strike, drift, deviation, sign);
    if (!known) {
      shift = average(lanes, from, to);
      known = true;
    }
    // Lanes outside the block get the shift itself, which adds nothing to the sums.
    const padding = fill(lanes, low, from, shift) + fill(lanes, to, high, shift);
    if (shift != 0.0) nonZero -= padding;
    let sumLanes = f64x2.splat(0.0);
    let squareLanes = f64x2.splat(0.0);
    let zeroLanes = i64x2.splat(0);
    for (let path = low; path < high; path += 2) {
      const payOff = v128.load(lanes + 8 * path);
      const distance = f64x2.sub(payOff, f64x2.splat(shift));
      sumLanes = f64x2.add(sumLanes, distance);
      squareLanes = f64x2.add(squareLanes, f64x2.mul(distance, distance));
      zeroLanes = i64x2.sub(zeroLanes, f64x2.ne(payOff, f64x2.splat(0.0)));
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
  const zero = i32x4.splat(0);
  const path1 = i32x4.splat(<i32>(base >>> 32));
  for (let path = low; path < high; path += 8) {
    const path0 = i32x4.add(i32x4.splat(<i32>base + <i32>(path >>> 1)), i32x4(0, 1, 2, 3));
    philox(path0, path1, zero, zero, lanes + 8 * path);
  }
}

/** Turns the bits of `lanes` into pay-offs, in place. */
function payOffs(low: u32, high: u32, spot: f64, strike: f64, drift: f64, deviation: f64, sign: f64): void {
  const signedSpot = f64x2.splat(sign * spot);
  const signedStrike = f64x2.splat(sign * strike);
  for (let path = low; path < high; path += 2) {
    const z = inverseNormal(v128.load(lanes + 8 * path));
    const growth = exp(f64x2.add(f64x2.splat(drift), f64x2.mul(f64x2.splat(deviation), z)));
    const gain = f64x2.sub(f64x2.mul(signedSpot, growth), signedStrike);
    v128.store(lanes + 8 * path, f64x2.pmax(f64x2.splat(0.0), gain));
  }
}
