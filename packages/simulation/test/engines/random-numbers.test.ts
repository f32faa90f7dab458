import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openKernelFile } from '../../src/engines/kernel-file.ts';
import { averages, philox, terminalPrice } from './reference-kernel.ts';
import { assertClose, atTheMoney, priceOf, runBlock, samplingEngine } from './running.ts';

/** Counter, key (low word first) and answer of philox4x32-10 from kat_vectors of Random123 1.14. */
const knownAnswers = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
] as const;

const wordsOf = (text: string): bigint[] => text.split(' ').map((word) => BigInt(`0x${word}`));

test('the kernel’s Philox gives the known answers of Random123', () => {
  const kernel = openKernelFile('european-option');
  for (const [counter, key, answer] of knownAnswers) {
    const [key0 = 0n, key1 = 0n] = wordsOf(key);
    const address = Number(kernel.call('probePhilox', (key1 << 32n) | key0, ...wordsOf(counter).map(Number)));
    const stored = new DataView(kernel.memory.buffer, address, 176);
    const [a = 0n, b = 0n, c = 0n, d = 0n] = wordsOf(answer);
    // Eight equal counters: four first and four second numbers, twice.
    for (let lane = 0; lane < 16; lane += 1) {
      const expected = Math.floor(lane / 4) % 2 === 0 ? (a << 32n) | b : (c << 32n) | d;
      assert.equal(stored.getBigUint64(8 * lane, true), expected, `lane ${lane} of counter ${counter}`);
    }
    // The same counter in scalar registers.
    assert.equal(stored.getBigUint64(128, true), (a << 32n) | b, `first scalar number of counter ${counter}`);
    assert.equal(stored.getBigUint64(160, true), (c << 32n) | d, `second scalar number of counter ${counter}`);
  }
});

test('the reference Philox that other tests rest on gives the known answers too', () => {
  for (const [counter, key, answer] of knownAnswers) {
    const [a = 0n, b = 0n, c = 0n, d = 0n] = wordsOf(counter);
    const [key0 = 0n, key1 = 0n] = wordsOf(key);
    assert.deepEqual([...philox((key1 << 32n) | key0, [a, b, c, d])], wordsOf(answer));
  }
});

const seed = 0x0123_4567_89ab_cdefn;

/** Where a block starts: in the middle of a vector, of a chunk, and across the wrap of the counter's low word. */
const starts = [
  { name: 'at the first path', block: 0, blockSize: 37 },
  { name: 'in the middle of a vector', block: 3, blockSize: 37 },
  { name: 'in the last chunk before 2^32', block: 1, blockSize: 2 ** 32 - 7 },
  { name: 'across 2^33, where the counters of pairs pass 2^32', block: 1, blockSize: 2 ** 33 - 7 },
  { name: 'far beyond 2^32', block: 5, blockSize: 2 ** 46 + 1 },
];

for (const { name, block, blockSize } of starts) {
  const first = block * blockSize;
  const paths = Array.from({ length: 37 }, (_, i) => first + i);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  // Every path pays off.
  const walk = { ...atTheMoney, strike: 1e-3, rate: 0.03, steps: 5 };
  const discount = Math.exp(-walk.rate * walk.maturity);

  test(`European paths are those of the reference ${name}`, () => {
    const { steps: _, ...parameters } = walk;
    const kernel = samplingEngine('european-option').open();
    const got = priceOf(runBlock(kernel, parameters, { seed, blockSize, block, units: 37 }));
    const prices = paths.map((path) => terminalPrice(seed, path, walk));
    const expected = discount * (mean(prices) - walk.strike);
    assertClose(got.mean, expected, 1e-12 * expected, 'mean');
    const m2 = discount ** 2 * prices.reduce((sum, price) => sum + (price - mean(prices)) ** 2, 0);
    assertClose(got.m2, m2, 1e-10 * m2, 'm2');
    assert.equal(got.nonZero, 37);
  });

  test(`Asian paths are those of the reference ${name}`, () => {
    const kernel = samplingEngine('asian-option').open();
    const got = priceOf(runBlock(kernel, walk, { seed, blockSize, block, units: 37 }));
    const both = paths.map((path) => averages(seed, path, walk));
    const arithmetic = discount * (mean(both.map((each) => each.arithmetic)) - walk.strike);
    const geometric = discount * (mean(both.map((each) => each.geometric)) - walk.strike);
    assertClose(got.mean, arithmetic, 1e-12 * arithmetic, 'arithmetic mean');
    assert.ok(got.control !== undefined);
    assertClose(got.control.mean, geometric, 1e-12 * geometric, 'geometric mean');
    const cross = both.reduce(
      (sum, each) =>
        sum +
        (discount * (each.arithmetic - walk.strike) - arithmetic) *
          (discount * (each.geometric - walk.strike) - geometric),
      0,
    );
    assertClose(got.control.cross, cross, 1e-9 * cross, 'co-moment');
  });
}

test('the two-step and the 10,000-step Asian draw what the reference draws', () => {
  const kernel = samplingEngine('asian-option').open();
  for (const steps of [1, 2, 3, 127, 128, 129, 10_000]) {
    const walk = { ...atTheMoney, strike: 1e-3, steps };
    const got = priceOf(runBlock(kernel, walk, { seed, blockSize: 1 }));
    const expected = Math.exp(-0.05) * (averages(seed, 0, walk).arithmetic - walk.strike);
    assertClose(got.mean, expected, 1e-11 * expected, `${steps} steps`);
  }
});

test('every path is that of the reference by itself, those in the far tail of either lane included', () => {
  const kernel = samplingEngine('european-option').open();
  const walk = { ...atTheMoney, strike: 1e-3, steps: 1 };
  const farLanes = new Set<number>();
  for (let path = 0; path < 6000; path += 1) {
    const price = terminalPrice(seed, path, walk);
    const expected = Math.exp(-0.05) * (price - walk.strike);
    const got = priceOf(runBlock(kernel, walk, { seed, blockSize: 1, block: path }));
    assertClose(got.mean, expected, 1e-12 * expected, `path ${path}`);
    // Beyond 3.2905 the two-sided tail is below 2^−10.
    if (Math.abs((Math.log(price / 100) - 0.03) / 0.2) > 3.2905) farLanes.add(path % 4);
  }
  assert.ok(farLanes.size >= 3, `far tails in lanes ${[...farLanes].join()}`);
});
