import { belowResidue, bitOfProduct, byteOfProduct, residues } from './wheel';
import { basePrime, basePrimeCount, prepareBasePrimes } from './base-primes';
import { presieve } from './presieve';

/**
 * Segmented sieve of Eratosthenes on the wheel of 30: byte i of a span stands for the eight numbers of 30·(origin + i) + {1, 7, 11, 13,
 * 17, 19, 23, 29}. Multiples m·p with one residue of m have a constant bit and lie p bytes apart.
 */
const subrange: u64 = 1 << 20;
/** Sub-ranges sieved together: 16 take 546 KiB, inside a second-level cache, and share the start of each large prime. */
const spanSubranges: u64 = 16;
const spanBytes: i32 = 560000;
const span: usize = memory.data(560064, 16);
/** Small primes are crossed off in pieces that stay in a first-level cache; 24 KiB leave room for their state. */
const pieceBytes: u32 = 24576;
/** Primes below it cross off in each piece; above, once through the span. */
const smallBelow: u32 = 24576;
/** Next byte of each small prime and residue: 8 · u32 · π(smallBelow). */
const next: usize = memory.data(131072, 16);
const counts: usize = memory.data(16384, 16);

/** Counts the primes of [first, end) for each 2^20 integers from `first` on, a multiple of 2^20. Returns the address of u32 counts. */
export function count(first: u64, end: u64): usize {
  let slot: u32 = 0;
  for (let start = first; start < end; start += spanSubranges * subrange) {
    const stop = min(start + spanSubranges * subrange, end);
    sieve(start, stop);
    for (let from = start; from < stop; from += subrange) {
      store<u32>(counts + 4 * slot++, countBetween(start / 30, from, min(from + subrange, stop)));
    }
  }
  return counts;
}

/** The `rank`-th prime (from 1) at or above `first`, a multiple of 2^20, below first + 2^20; 0 if there are fewer. */
export function nth(first: u64, rank: u32): u64 {
  sieve(first, first + subrange);
  let left = rank;
  if (first == 0) {
    if (left <= 3) return left == 3 ? 5 : left + 1;
    left -= 3;
  }
  const origin = first / 30;
  const bytes = <u32>((first + subrange) / 30 - origin) + 1;
  for (let i: u32 = 0; i < bytes; i++) {
    const bits = <u32>load<u8>(span + i);
    for (let bit = 0; bit < 8; bit++) {
      const value = (origin + i) * 30 + <u64>load<u8>(residues + bit);
      if (value >= first + subrange) return 0;
      if ((bits & (1 << bit)) == 0 || value < first) continue;
      if (--left == 0) return value;
    }
  }
  return 0;
}

/** Leaves in `span` the primes above 5 of all bytes that touch [start, stop). */
function sieve(start: u64, stop: u64): void {
  const origin = start / 30;
  const bytes = <u32>(stop / 30 - origin) + 1;
  const last = (origin + bytes) * 30;
  prepareBasePrimes(<u32>Math.sqrt(<f64>last) + 1);
  presieve(span, origin, bytes);
  let small: u32 = 0;
  const primes = basePrimeCount();
  while (small < primes && basePrime(small) < smallBelow && <u64>basePrime(small) * basePrime(small) < last) {
    placeSmall(small, origin);
    small++;
  }
  for (let from: u32 = 0; from < bytes; from += pieceBytes) crossOffSmall(small, min(from + pieceBytes, bytes));
  for (let i = small; i < primes && <u64>basePrime(i) * basePrime(i) < last; i++) crossOffLarge(basePrime(i), origin, bytes);
  if (origin == 0) store<u8>(span, 0xfe);
}

/** First cofactor worth a crossing-off: smaller ones have a smaller prime factor, or lie before the span. */
// @ts-ignore: decorator
@inline
function firstCofactor(prime: u64, origin: u64): u64 {
  return max(prime, (origin * 30 + prime - 1) / prime);
}

/** Byte, from the span's first, of prime · (first cofactor ≥ `cofactor` with residue number `j` on the wheel). */
// @ts-ignore: decorator
@inline
function firstByte(prime: u64, cofactor: u64, origin: u64, j: i32): u64 {
  const residue = <u64>load<u8>(residues + j);
  let turns = cofactor / 30;
  if (residue < cofactor - turns * 30) turns++;
  return prime * turns + (prime / 30) * residue + <u64>byteOfProduct(<u32>(prime % 30), j) - origin;
}

function placeSmall(index: u32, origin: u64): void {
  const prime = <u64>basePrime(index);
  const cofactor = firstCofactor(prime, origin);
  for (let j = 0; j < 8; j++) store<u32>(next + 32 * index + 4 * j, <u32>firstByte(prime, cofactor, origin, j));
}

/** Crosses off the multiples of the first `small` primes from where each stands up to byte `to` − 1. */
function crossOffSmall(small: u32, to: u32): void {
  const end = span + to;
  for (let i: u32 = 0; i < small; i++) {
    const prime = basePrime(i);
    const turn = prime % 30;
    const state = next + 32 * i;
    for (let j = 0; j < 8; j++) {
      const keep = ~(1 << bitOfProduct(turn, j));
      let at = span + load<u32>(state + 4 * j);
      while (at + 3 * prime < end) {
        store<u8>(at, load<u8>(at) & keep);
        store<u8>(at + prime, load<u8>(at + prime) & keep);
        store<u8>(at + 2 * prime, load<u8>(at + 2 * prime) & keep);
        store<u8>(at + 3 * prime, load<u8>(at + 3 * prime) & keep);
        at += 4 * prime;
      }
      while (at < end) {
        store<u8>(at, load<u8>(at) & keep);
        at += prime;
      }
      store<u32>(state + 4 * j, <u32>(at - span));
    }
  }
}

function crossOffLarge(prime: u32, origin: u64, bytes: u32): void {
  const turn = prime % 30;
  const cofactor = firstCofactor(prime, origin);
  for (let j = 0; j < 8; j++) {
    const keep = ~(1 << bitOfProduct(turn, j));
    for (let at = firstByte(prime, cofactor, origin, j); at < <u64>bytes; at += prime) {
      const place = span + <usize>at;
      store<u8>(place, load<u8>(place) & keep);
    }
  }
}

/** Primes in [from, to) of a span that starts at byte `origin`. */
function countBetween(origin: u64, from: u64, to: u64): u32 {
  const low = <u32>(from / 30 - origin);
  const high = <u32>(to / 30 - origin);
  let total = bitsBefore(low, high);
  total += popcnt<u32>(load<u8>(span + high) & belowResidue(<u32>(to % 30)));
  total -= popcnt<u32>(load<u8>(span + low) & belowResidue(<u32>(from % 30)));
  if (from == 0) total += (to > 2 ? 1 : 0) + (to > 3 ? 1 : 0) + (to > 5 ? 1 : 0);
  return total;
}

function bitsBefore(low: u32, high: u32): u32 {
  let total: u64 = 0;
  let i = low;
  for (; i + 8 <= high; i += 8) total += popcnt<u64>(load<u64>(span + i));
  for (; i < high; i++) total += popcnt<u32>(load<u8>(span + i));
  return <u32>total;
}
