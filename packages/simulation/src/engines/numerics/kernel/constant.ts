/** Both lanes the f64 (or u64) at `place`: constants lie in memory because V8 rebuilds a literal with three instructions at each use. */
// @ts-ignore: decorator
@inline
export function both(place: usize): v128 {
  return v128.load64_splat(place);
}
