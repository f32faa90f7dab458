import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExactEngine, FoldedCounts, Parameters } from '@simfleet/domain';
import { findEngine } from '../../src/engines/index.ts';

const subrange = 2 ** 20;

const sieve = (): ExactEngine => {
  const engine = findEngine('prime-sieve');
  assert.equal(engine?.kind, 'exact');
  return engine;
};

/** Runs and folds a whole job, in blocks of `blockSize` integers. */
const answer = (parameters: Parameters, blockSize?: number): { readonly metric: string; readonly value: number } => {
  const engine = sieve();
  const plan = engine.plan(parameters);
  const size = blockSize ?? plan.blockSize;
  const units = plan.units ?? NaN;
  const kernel = engine.open();
  const target = engine.target(parameters);
  let folded: FoldedCounts = { blocks: 0, total: 0, found: null };
  const over = (state: FoldedCounts): boolean => state.found !== null;
  for (let block = 0; block * size < units && !over(folded); block += 1) {
    const result = kernel.runBlock({
      parameters,
      seed: 0n,
      blockSize: size,
      block,
      units: Math.min(size, units - block * size),
    });
    assert.equal(result.kind, 'counts');
    let { total, found }: FoldedCounts = folded;
    for (const [i, count] of result.counts.entries()) {
      if (target !== null && found === null && total + count >= target) {
        found = { subrange: (block * size) / subrange + i, before: total };
      }
      total += count;
    }
    folded = { blocks: block + 1, total, found };
  }
  return engine.resolve(parameters, folded);
};

const isPrime = (n: number): boolean => {
  if (n < 2) return false;
  for (let d = 2; d * d <= n; d += 1) if (n % d === 0) return false;
  return true;
};

test('π(10^k) is counted right up to 10^8', () => {
  // OEIS A006880.
  for (const [power, count] of [4, 25, 168, 1229, 9592, 78498, 664579, 5761455].entries()) {
    assert.deepEqual(answer({ limit: 10 ** (power + 1) }), { metric: 'count', value: count });
  }
});

test('every small limit counts the primes up to and including itself', () => {
  let count = 0;
  for (let limit = 0; limit <= 400; limit += 1) {
    if (isPrime(limit)) count += 1;
    assert.equal(answer({ limit }).value, count, `limit ${limit}`);
  }
});

test('limits around multiples of 2^20 are exact', () => {
  // 82025 primes below 2^20 and 155611 below 2^21 (OEIS A007053), counted on from there by trial division.
  for (const [boundary, below] of [
    [2 ** 20, 82025],
    [2 ** 21, 155611],
  ] as const) {
    for (let limit = boundary - 40, count = NaN; limit <= boundary + 40; limit += 1) {
      const value = answer({ limit }).value;
      if (limit === boundary - 1) assert.equal(value, below);
      if (!Number.isNaN(count)) assert.equal(value, count + (isPrime(limit) ? 1 : 0), `limit ${limit}`);
      count = value;
    }
  }
});

test('primes are found by index, the first, the known and those on both sides of a boundary', () => {
  const known = [
    [1, 2],
    [2, 3],
    [3, 5],
    [4, 7],
    [5, 11],
    [6, 13],
    [100, 541],
    [1000, 7919],
    [10_000, 104_729],
    [39_016, 467_471],
    [39_017, 467_473],
    [82_025, 1_048_573],
    [82_026, 1_048_583],
    [1_000_000, 15_485_863],
  ] as const;
  for (const [index, prime] of known) assert.deepEqual(answer({ index }), { metric: 'prime', value: prime });
});

test('the bound on the n-th prime is never too low', () => {
  let index = 0;
  for (let n = 2; n < 20_000; n += 1) {
    if (!isPrime(n)) continue;
    index += 1;
    const { units } = sieve().plan({ index });
    assert.ok(units !== null && units > n, `prime ${index} = ${n} is beyond ${units}`);
  }
  // OEIS A006988, where the bound must also be tight.
  for (const [power, prime] of [
    [6, 15_485_863],
    [9, 22_801_763_489],
    [11, 2_760_727_302_517],
  ] as const) {
    const { units } = sieve().plan({ index: 10 ** power });
    assert.ok(units !== null && units > prime && units < 1.01 * prime, `prime 10^${power} = ${prime}, bound ${units}`);
  }
});

test('the answer is the same for blocks of any number of sub-ranges', () => {
  for (const subranges of [1, 3, 16, 17]) {
    assert.equal(answer({ limit: 30_000_000 }, subranges * subrange).value, 1_857_859);
    assert.equal(answer({ index: 1_857_860 }, subranges * subrange).value, 30_000_001);
  }
});

test('counts far out are right: the last whole sub-range below 10^13', () => {
  const last = Math.floor(10 ** 13 / subrange) - 1;
  const counts = (first: number, subranges: number): readonly number[] => {
    const blockSize = subrange * subranges;
    const block = first / subranges;
    const result = sieve().open().runBlock({ parameters: {}, seed: 0n, blockSize, block, units: blockSize });
    assert.equal(result.kind, 'counts');
    return result.counts;
  };
  assert.deepEqual(counts(last, 1), [millerRabinCount(last * subrange, subrange)]);
  const even = last - (last % 2);
  assert.deepEqual(counts(even, 2), [...counts(even, 1), ...counts(even + 1, 1)]);
});

test('plans cover the limit exactly, in short last blocks', () => {
  const { plan } = sieve();
  assert.deepEqual(plan({ limit: 0 }), { blockSize: 2 ** 27, blocks: 1, units: 1 });
  assert.deepEqual(plan({ limit: 2 ** 27 - 1 }), { blockSize: 2 ** 27, blocks: 1, units: 2 ** 27 });
  assert.deepEqual(plan({ limit: 2 ** 27 }), { blockSize: 2 ** 27, blocks: 2, units: 2 ** 27 + 1 });
  assert.deepEqual(plan({ limit: 10 ** 13 }), { blockSize: 2 ** 26, blocks: 149_012, units: 10 ** 13 + 1 });
  const last = plan({ index: 346_065_536_839 });
  assert.ok(last.units !== null && last.units > 10 ** 13 - 1000 && last.units < 1.001 * 10 ** 13);
});

test('anything but exactly one of limit and index, a whole number in range, is refused by name', () => {
  const refused = (parameters: Parameters, detail: RegExp): void => {
    assert.throws(() => sieve().plan(parameters), { code: 'invalid-request', detail });
  };
  refused({}, /limit and index/);
  refused({ limit: 10, index: 10 }, /limit and index/);
  refused({ limit: -1 }, /limit/);
  refused({ limit: 10 ** 13 + 1 }, /limit/);
  refused({ limit: 1.5 }, /limit/);
  refused({ limit: NaN }, /limit/);
  refused({ index: 0 }, /index/);
  refused({ index: 346_065_536_840 }, /index/);
});

/** Primes in [first, first + length): survivors of small primes, tried by Miller–Rabin to bases that are sure below 3.4·10^14. */
const millerRabinCount = (first: number, length: number): number => {
  const composite = new Uint8Array(length);
  for (let p = 2; p < 2000; p += 1) {
    if (!isPrime(p)) continue;
    for (let i = (p - (first % p)) % p; i < length; i += p) composite[i] = 1;
  }
  let count = 0;
  for (let i = 0; i < length; i += 1) if (composite[i] === 0 && isStrongProbablePrime(BigInt(first + i))) count += 1;
  return count;
};

const isStrongProbablePrime = (n: bigint): boolean => {
  let odd = n - 1n;
  let twos = 0;
  for (; odd % 2n === 0n; odd /= 2n) twos += 1;
  return [2n, 3n, 5n, 7n, 11n, 13n, 17n].every((base) => {
    let power = modularPower(base, odd, n);
    if (power === 1n || power === n - 1n) return true;
    for (let i = 1; i < twos; i += 1) {
      power = (power * power) % n;
      if (power === n - 1n) return true;
    }
    return false;
  });
};

const modularPower = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let result = 1n;
  for (let square = base, left = exponent; left > 0n; left >>= 1n, square = (square * square) % modulus) {
    if (left & 1n) result = (result * square) % modulus;
  }
  return result;
};
