import { exp } from './exp';
import { normals } from './inverse-normal';
import { log } from './log';
import { philox, setKey } from './philox';

/** What tests look at, exported by each kernel that draws: the same code as the kernel's own, four or two lanes equal. */
const probed: usize = memory.data(176, 16);

/** Address of the u64 that equal counters give under `seed`. */
export function probePhilox(seed: u64, word0: i32, word1: i32, word2: i32, word3: i32): usize {
  setKey(seed);
  philox(i32x4.splat(word0), i32x4.splat(word1), i32x4.splat(word2), i32x4.splat(word3), probed, probed + 128);
  return probed;
}

export function probeExp(x: f64): f64 {
  return f64x2.extract_lane(exp(f64x2.splat(x)), 1);
}

export function probeLog(x: f64): f64 {
  return f64x2.extract_lane(log(f64x2.splat(x)), 1);
}

export function probeNormal(bits: u64): f64 {
  v128.store(probed, i64x2.splat(bits));
  v128.store(probed, i64x2.splat(bits), 16);
  normals(probed, probed + 32, 1);
  return f64.load(probed, 40);
}
