/** Odd numbers per segment: half a mebibyte of flags, which stays in the second-level cache. */
const SEGMENT = 2 ** 19;

/** Primes that cross off, with the next multiple of each; as many as segments so far have needed. */
interface Sievers {
  readonly primes: number[];
  /** Next odd multiple of primes[i], as index of an odd number counted from the start of the coming segment. */
  readonly next: number[];
}

const isPrime = (candidate: number, known: readonly number[]): boolean => {
  for (const prime of known) {
    if (prime * prime > candidate) return true;
    if (candidate % prime === 0) return false;
  }
  return true;
};

/** Odd primes in [from, below), by trial division with the primes already known: they are few and small. */
const addSievers = (sievers: Sievers, from: number, below: number, start: number): void => {
  for (let candidate = Math.max(3, from | 1); candidate < below; candidate += 2) {
    if (!isPrime(candidate, sievers.primes)) continue;
    sievers.primes.push(candidate);
    // First square: everything below has a smaller factor.
    sievers.next.push((candidate * candidate - start) / 2);
  }
};

const crossOff = (flags: Uint8Array, { primes, next }: Sievers): void => {
  for (let index = 0; index < primes.length; index += 1) {
    const prime = primes[index] as number;
    let at = next[index] as number;
    for (; at < SEGMENT; at += prime) flags[at] = 1;
    next[index] = at - SEGMENT;
  }
};

/**
 * The odd primes in order, a segment at a time (segmented sieve of Eratosthenes; Bays & Hudson 1977): `flags[i]` is 0 when
 * `start + 2i` is prime. The same array is used again for the next segment. Memory grows with the square root of the
 * numbers reached alone.
 */
export function* oddSegments(): Generator<{ readonly start: number; readonly flags: Uint8Array }> {
  const flags = new Uint8Array(SEGMENT);
  const sievers: Sievers = { primes: [], next: [] };
  let root = 3;
  for (let start = 1; start + 2 * SEGMENT <= Number.MAX_SAFE_INTEGER; start += 2 * SEGMENT) {
    const newRoot = Math.floor(Math.sqrt(start + 2 * SEGMENT)) + 1;
    addSievers(sievers, root, newRoot, start);
    root = newRoot;
    flags.fill(0);
    // 1 is no prime.
    if (start === 1) flags[0] = 1;
    crossOff(flags, sievers);
    yield { start, flags };
  }
}
