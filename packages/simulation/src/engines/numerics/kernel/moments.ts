/** Mean of the f64 from … to − 1 at `values`, to > from, summed as distances from the first: equal values give exactly theirs. */
export function average(values: usize, from: u32, to: u32): f64 {
  const first = f64.load(values + 8 * from);
  let sum = 0.0;
  for (let i = from; i < to; i++) sum += f64.load(values + 8 * i) - first;
  return first + sum / <f64>(to - from);
}

/** Sets the f64 from … to − 1 at `values` and returns how many they are. */
export function fill(values: usize, from: u32, to: u32, value: f64): u64 {
  for (let i = from; i < to; i++) f64.store(values + 8 * i, value);
  return <u64>(to - from);
}

// @ts-ignore: decorator
@inline
export function bothLanes(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}
