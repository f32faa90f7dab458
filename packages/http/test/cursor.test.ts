import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimfleetError } from '@simfleet/contracts';
import type { Position } from '@simfleet/storage';
import { fakeClock } from '@simfleet/testing';
import fc from 'fast-check';
import { createCursorCodec, cursorKey } from '../src/index.ts';
import type { CursorKeys, CursorScope } from '../src/index.ts';

const hourMs = 3_600_000;
const keys: CursorKeys = [cursorKey(1, Buffer.alloc(32, 7))];
const scope: CursorScope = {
  list: 'jobs',
  filter: { op: 'eq', field: 'state', value: 'Running' },
  sort: { field: 'createdAt', direction: 'descending' },
  viewer: 'administrator',
};
const codec = createCursorCodec({ keys, clock: fakeClock() });
const position: Position = { key: '2026-01-01T00:00:00.123Z', id: 'job-1' };
const invalid = { code: 'invalid-cursor' };

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 65n }).map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom('007', '-0', '+1', '-9223372036854775808', '9223372036854775808', '2026-02-30T00:00:00.000Z', 'null'),
);
const anyPosition = fc.record(
  { key: fc.oneof(fc.constant(null), fc.boolean(), fc.double({ noNaN: true }), anyText), id: anyText },
  { noNullPrototype: true },
);
const anyDirection = fc.constantFrom('next' as const, 'prev' as const);

test('every place comes back as the very value it was, and is sealed to the same bytes again', () => {
  fc.assert(
    fc.property(anyPosition, anyDirection, (place, direction) => {
      const cursor = codec.seal(scope, direction, place);
      assert.deepEqual(codec.open(scope, cursor), { direction, position: place });
      assert.match(cursor, /^[A-Za-z0-9_-]+$/);
      assert.equal(codec.seal(scope, direction, place), cursor);
    }),
    { numRuns: 500 },
  );
});

test('two places never share a cursor', () => {
  fc.assert(
    fc.property(anyPosition, anyPosition, (one, other) => {
      const same = Object.is(one.key, other.key) && one.id === other.id;
      assert.equal(codec.seal(scope, 'next', one) === codec.seal(scope, 'next', other), same);
    }),
  );
});

test('a cursor with any bit changed is refused', () => {
  const bytes = Buffer.from(codec.seal(scope, 'next', position), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    assert.throws(() => codec.open(scope, changed.toString('base64url')), invalid, `bit ${bit}`);
  }
});

test('a cursor that is cut, extended or spelt otherwise is refused', () => {
  const cursor = codec.seal(scope, 'next', position);
  for (let length = 0; length < cursor.length; length++) {
    assert.throws(() => codec.open(scope, cursor.slice(0, length)), invalid, `length ${length}`);
  }
  for (const other of [
    `${cursor}A`,
    `${cursor}=`,
    ` ${cursor}`,
    `${cursor}\n`,
    `${cursor.slice(0, 4)}!${cursor.slice(4)}`,
  ]) {
    assert.throws(() => codec.open(scope, other), invalid, JSON.stringify(other));
  }
});

test('text that never was a cursor is refused as one', () => {
  const letters = 'ABCXYZabcxyz0189-_'.split('');
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...letters), maxLength: 200 })), (text) => {
      assert.throws(() => codec.open(scope, text), invalid);
    }),
  );
  assert.throws(() => codec.open(scope, 'A'.repeat(10_000_000)), invalid);
});

const otherScopes: readonly (readonly [string, CursorScope])[] = [
  ['another list', { ...scope, list: 'customers' }],
  ['no filter', { ...scope, filter: null }],
  ['another value of the filter', { ...scope, filter: { op: 'eq', field: 'state', value: 'Failed' } }],
  ['another type of the value', { ...scope, filter: { op: 'eq', field: 'state', value: null } }],
  ['another field of the sort', { ...scope, sort: { ...scope.sort, field: 'name' } }],
  ['the other direction of the sort', { ...scope, sort: { ...scope.sort, direction: 'ascending' } }],
  ['another viewer', { ...scope, viewer: 'user-1' }],
];
for (const [name, other] of otherScopes) {
  test(`a cursor is refused for ${name}`, () => {
    assert.throws(
      () => codec.open(other, codec.seal(scope, 'next', position)),
      (error: SimfleetError) => {
        assert.equal(error.code, 'invalid-cursor');
        assert.equal(error.mistakes[0]?.pointer, '#query/cursor');
        return true;
      },
    );
  });
}

test('the order of a filter’s members makes no other list', () => {
  const reordered: CursorScope = { ...scope, filter: { value: 'Running', field: 'state', op: 'eq' } };
  assert.deepEqual(codec.open(reordered, codec.seal(scope, 'prev', position)).position, position);
});

test('a cursor is good for three days and refused an hour later', async () => {
  const clock = fakeClock();
  const ageing = createCursorCodec({ keys, clock });
  const cursor = ageing.seal(scope, 'next', position);
  await clock.advance(72 * hourMs - 1);
  assert.deepEqual(ageing.open(scope, cursor).position, position);
  await clock.advance(hourMs);
  assert.throws(() => ageing.open(scope, cursor), /expired/);
});

test('the same page gives the same cursor within the hour', async () => {
  const clock = fakeClock();
  const ageing = createCursorCodec({ keys, clock });
  await clock.advance(1);
  const cursor = ageing.seal(scope, 'next', position);
  await clock.advance(hourMs - 2);
  assert.equal(ageing.seal(scope, 'next', position), cursor);
  await clock.advance(2);
  assert.notEqual(ageing.seal(scope, 'next', position), cursor);
});

test('after a rotation old cursors open until their key is dropped, and new ones are made with the new key', () => {
  const [old] = keys;
  const fresh = cursorKey(2, Buffer.alloc(32, 9));
  const clock = fakeClock();
  const cursor = codec.seal(scope, 'next', position);
  const rotated = createCursorCodec({ keys: [fresh, old], clock });
  assert.deepEqual(rotated.open(scope, cursor).position, position);
  const onlyFresh = createCursorCodec({ keys: [fresh], clock });
  assert.deepEqual(onlyFresh.open(scope, rotated.seal(scope, 'next', position)).position, position);
  assert.throws(() => onlyFresh.open(scope, cursor), invalid);
});

test('a key of the same id but another secret opens nothing', () => {
  const forged = createCursorCodec({ keys: [cursorKey(1, Buffer.alloc(32, 8))], clock: fakeClock() });
  assert.throws(() => codec.open(scope, forged.seal(scope, 'next', position)), invalid);
});

test('a cursor shows nothing of its row', () => {
  const secret = 'salary-of-the-director';
  const bytes = Buffer.from(codec.seal(scope, 'next', { key: secret, id: secret }), 'base64url');
  assert.equal(bytes.includes('salary'), false);
});

test('a cursor is fixed: clients may keep it over an update of the platform', () => {
  const cursor = createCursorCodec({ keys, clock: fakeClock(0) }).seal(scope, 'next', { key: 1.5, id: 'a' });
  assert.equal(cursor, 'AQHLGpmTQc44XgBc3jtTgHLifIUoFyolwAzF1U_v5qM-FgiSIwQ');
});
