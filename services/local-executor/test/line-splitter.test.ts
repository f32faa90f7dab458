import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitLines } from '../src/output/line-splitter.ts';

const linesOf = (chunks: readonly Buffer[], maxBytes = 8192): readonly string[] => {
  const lines: string[] = [];
  const splitter = splitLines(maxBytes, (line) => lines.push(line));
  chunks.forEach((chunk) => splitter.push(chunk));
  splitter.flush();
  return lines;
};

test('lines come out whole, with \\n or \\r\\n, and the last one without an end too', () => {
  assert.deepEqual(linesOf([Buffer.from('one\ntwo\r\n\nfour')]), ['one', 'two', '', 'four']);
});

test('however the bytes are cut into chunks, the lines are the same', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'ß', '漢', '😀', '\n') });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 5 }), (given, size) => {
      const bytes = Buffer.from(given);
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      assert.deepEqual(linesOf(chunks), linesOf([bytes]));
    }),
  );
});

test('a line over the bound is cut between characters, and nothing of it is lost', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'ß', '漢', '😀'), minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(text, fc.integer({ min: 4, max: 16 }), (given, maxBytes) => {
      const lines = linesOf([Buffer.from(given)], maxBytes);
      assert.ok(lines.every((line) => Buffer.byteLength(line) <= maxBytes && line.isWellFormed()));
      assert.equal(lines.join(''), given);
    }),
  );
});

test('bytes that are no UTF-8 become replacement characters', () => {
  assert.deepEqual(linesOf([Buffer.from([0x61, 0xff, 0x62, 0x0a])]), ['a\ufffdb']);
});
