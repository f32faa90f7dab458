import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareText } from '@simfleet/storage/documents';
import { orderedText, plainText } from '../src/ordered-text.ts';

/** Characters on both sides of every border, and any other. */
const unit = fc.oneof(
  fc.constantFrom('\u0001', 'a', 'b', '一', '倀', '\ud7fb', '\ud7fc', '\ud7fd', '\ud7fe', '\ud7ff', '\ue000', '\uffff'),
  fc.constantFrom('\u{10000}', '\u{107ff}', '\u{10800}', '😀', '\u{10ffff}'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);
const text = fc.string({ unit, maxLength: 6 });

const byUnits = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('ordered text sorts by code point on servers that compare units and on those that compare bytes', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const expected = Math.sign(compareText(a, b));
      assert.equal(Math.sign(byUnits(orderedText(a), orderedText(b))), expected);
      assert.equal(Math.sign(byBytes(orderedText(a), orderedText(b))), expected);
    }),
    { numRuns: 20_000 },
  );
});

test('ordered text becomes plain again, keeps prefixes, and is well-formed', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(plainText(orderedText(a)), a);
      assert.ok(orderedText(a + b).startsWith(orderedText(a)));
      assert.ok(orderedText(a).isWellFormed());
      assert.doesNotMatch(orderedText(a), /[\ud800-\uffff]/);
    }),
    { numRuns: 5000 },
  );
});

test('every code point by itself becomes plain again, above its neighbour', () => {
  let before = '';
  for (let point = 1; point <= 0x10ffff; point += 1) {
    if (point === 0xd800) point = 0xe000;
    const ordered = orderedText(String.fromCodePoint(point));
    assert.equal(plainText(ordered).codePointAt(0), point);
    assert.ok(ordered > before, point.toString(16));
    before = ordered;
  }
});
