import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean } from '../src/index.ts';

const names = ['data-dir', 'port', 'host', 'log-level', 'storage'];
const cases = [
  { word: 'data-dri', expected: 'data-dir', why: 'two neighbours are swapped' },
  { word: 'prot', expected: 'port', why: 'a short word allows one slip' },
  { word: 'Storage', expected: 'storage', why: 'case is no difference' },
  { word: 'loglevel', expected: 'log-level', why: 'a letter is missing' },
  { word: 'x', expected: undefined, why: 'one letter is near to nothing' },
  { word: 'volatility', expected: undefined, why: 'nothing is near' },
  { word: 'p'.repeat(10_000), expected: undefined, why: 'no slip of the pen is that long' },
];
for (const { word, expected, why } of cases) {
  test(`"${word.slice(0, 12)}" suggests ${expected ?? 'nothing'}: ${why}`, () => {
    assert.equal(didYouMean(word, names), expected === undefined ? '' : `; did you mean "${expected}"?`);
  });
}
