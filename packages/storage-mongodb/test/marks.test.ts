import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Marks } from '../src/documents/marks.ts';

test('marks rise within a millisecond, with time, and when the clock goes back', () => {
  const times = [5, 5, 5, 6, 4, 4, 1_800_000_000_000, 7];
  const marks = new Marks(() => times.shift() ?? 0);
  const drawn = Array.from({ length: 8 }, () => marks.next());
  assert.deepEqual(drawn.toSorted(), drawn);
  assert.equal(new Set(drawn).size, drawn.length);
});

test('marks of two processes never meet and sort by time', () => {
  const [early, late] = [new Marks(() => 1000), new Marks(() => 1001)];
  const [a, b, c] = [early.next(), late.next(), early.next()];
  assert.deepEqual([c, b, a].toSorted(), [a, c, b]);
  assert.notEqual(new Marks(() => 1000).next(), a);
});
