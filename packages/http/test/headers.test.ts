import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etagOf, requireIfMatch } from '../src/index.ts';
import { basicPasswordOf, bearerTokenOf } from '../src/access/bearer.ts';
import { idempotencyKeyOf } from '../src/idempotency/key.ts';
import { requestIdOf } from '../src/request/request-id.ts';

const ifMatches = [
  { header: undefined, outcome: 'passes' },
  { header: '*', outcome: 'passes' },
  { header: '"7"', outcome: 'passes' },
  { header: '"6", "7"', outcome: 'passes' },
  { header: '"6"', outcome: 'precondition-failed' },
  { header: 'W/"7"', outcome: 'precondition-failed' },
  { header: '"77"', outcome: 'precondition-failed' },
  { header: '""', outcome: 'precondition-failed' },
  { header: '7', outcome: 'invalid-request' },
  { header: '"7', outcome: 'invalid-request' },
  { header: '"7" "8"', outcome: 'invalid-request' },
  { header: '', outcome: 'invalid-request' },
];
for (const { header, outcome } of ifMatches) {
  test(`If-Match ${header ?? 'absent'} against version 7: ${outcome}`, () => {
    if (outcome === 'passes') requireIfMatch(header, 7);
    else assert.throws(() => requireIfMatch(header, 7), { code: outcome });
  });
}

test('the tag of a version matches itself alone', () => {
  requireIfMatch(etagOf(7), 7);
  assert.throws(() => requireIfMatch(etagOf(7), 8));
});

test('the tag of a record does not match that of another incarnation, or of none', () => {
  requireIfMatch(etagOf(7, '4f1c'), 7, '4f1c');
  for (const other of ['4f1d', undefined]) {
    assert.throws(() => requireIfMatch(etagOf(7, '4f1c'), 7, other), { code: 'precondition-failed' });
    assert.throws(() => requireIfMatch(etagOf(7, other), 7, '4f1c'), { code: 'precondition-failed' });
  }
});

const keys = [
  { header: undefined, key: undefined },
  { header: 'abc-123', key: 'abc-123' },
  { header: '"abc 123"', key: 'abc 123' },
  { header: String.raw`"a\"b\\c"`, key: String.raw`a"b\c` },
  { header: 'k'.repeat(255), key: 'k'.repeat(255) },
];
for (const { header, key } of keys) {
  test(`Idempotency-Key ${header?.slice(0, 20) ?? 'absent'} is read`, () =>
    assert.equal(idempotencyKeyOf(header), key));
}
for (const header of ['', '""', '"open', 'a b', 'ä', '"a"b', 'k'.repeat(256), String.raw`"a\b"`]) {
  test(`Idempotency-Key ${JSON.stringify(header.slice(0, 20))} is a mistake`, () => {
    assert.throws(() => idempotencyKeyOf(header), { code: 'invalid-request' });
  });
}

test('a request id that is harmless is kept, any other replaced', () => {
  assert.equal(requestIdOf('trace-7.a~b_C'), 'trace-7.a~b_C');
  for (const header of [undefined, '', 'a b', 'a\nb', '<script>', 'x'.repeat(129), ['a', 'b']]) {
    assert.match(requestIdOf(header), /^[0-9a-f-]{36}$/);
  }
});

test('tokens come from Bearer, passwords from Basic, nothing from anything else', () => {
  assert.equal(bearerTokenOf('Bearer abc-_~+/.='), 'abc-_~+/.=');
  assert.equal(bearerTokenOf('bearer  abc '), 'abc');
  for (const other of [undefined, '', 'Bearer', 'Bearer ', 'Bearer a b', 'Basic abc', 'xBearer abc']) {
    assert.equal(bearerTokenOf(other), null);
  }
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  assert.equal(basicPasswordOf(basic('me:to:ken')), 'to:ken');
  assert.equal(basicPasswordOf(basic('no colon')), null);
  assert.equal(basicPasswordOf('Bearer abc'), null);
});
