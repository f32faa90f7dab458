/** Above √(10^13) and above the root of any bound on the primes asked for by index: the sieve reaches 1.024·10^13. */
const largestRoot: u32 = 3200000;
/** One byte for each odd number 2i + 1 while base primes are found; 1 = composite. */
const composite: usize = memory.data(1600016, 16);
/** Primes from 31 on (smaller ones are in the pre-sieved pattern), u32; π(largestRoot) = 230,209 with the ten smaller. */
const primes: usize = memory.data(924000, 16);

let known: u32 = 0;
let total: u32 = 0;

/** Finds the base primes up to `root`, at most `largestRoot`; does nothing when they are known already. */
export function prepareBasePrimes(root: u32): void {
  if (root <= known) return;
  // Twice as far as asked, so that neighbouring blocks rarely ask again.
  known = min(largestRoot, root * 2);
  const odds = (known + 1) / 2;
  memory.fill(composite, 0, odds);
  for (let i: u32 = 1; i * (i + 1) * 2 < odds; i++) {
    if (load<u8>(composite + i)) continue;
    for (let j: u32 = i * (i + 1) * 2; j < odds; j += i * 2 + 1) store<u8>(composite + j, 1);
  }
  total = 0;
  for (let i: u32 = 15; i < odds; i++) {
    if (!load<u8>(composite + i)) store<u32>(primes + 4 * total++, i * 2 + 1);
  }
}

export function basePrimeCount(): u32 {
  return total;
}

// @ts-ignore: decorator
@inline
export function basePrime(index: u32): u32 {
  return load<u32>(primes + 4 * index);
}
