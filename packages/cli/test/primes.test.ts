import assert from 'node:assert/strict';
import { test } from 'node:test';
import { primeLines } from '../src/primes/lines.ts';
import { simfleet } from './support/terminal.ts';

const primes = (count: number): readonly number[] => {
  let text = '';
  for (const chunk of primeLines(count)) text += Buffer.from(chunk).toString('latin1');
  assert.ok(text.endsWith('\n'));
  return text.trimEnd().split('\n').map(Number);
};

/** Another way to the same: trial division. */
const byDivision = (count: number): readonly number[] => {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate += 1)
    if (!found.some((prime) => prime * prime <= candidate && candidate % prime === 0)) found.push(candidate);
  return found;
};

test('the first primes are those of trial division', () => {
  const expected = byDivision(3000);
  for (const count of [1, 2, 3, 25, 3000]) assert.deepEqual(primes(count), expected.slice(0, count));
});

// The n-th primes: OEIS A006988.
for (const [count, last] of [
  [10_000, 104_729],
  [100_000, 1_299_709],
  [1_000_000, 15_485_863],
] as const)
  test(`prime number ${count} is ${last}, across segments and chunks`, () => {
    const all = primes(count);
    assert.equal(all.length, count);
    assert.equal(all.at(-1), last);
    assert.ok(all.every((prime, index) => index === 0 || prime > (all[index - 1] as number)));
  });

test('simfleet primes prints the first 100, 2 to 541, one a line', async () => {
  for (const words of [['primes'], ['primes', '100']]) {
    const { exit, stdout, stderr } = await simfleet(words);
    assert.deepEqual([exit, stderr], [0, '']);
    assert.deepEqual(stdout.split('\n'), [...byDivision(100).map(String), '']);
    assert.match(stdout, /^2\n3\n5\n/);
    assert.match(stdout, /\n541\n$/);
  }
});

for (const wrong of ['0', '-5', 'abc', '1.5', '1e3', '', '99999999999999999999'])
  test(`simfleet primes "${wrong}" is refused`, async () => {
    const { exit, stdout, stderr } = await simfleet(['primes', '--', wrong]);
    assert.equal(exit, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /must be a whole number, at least 1/);
  });
