import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Call } from '../../src/sqlite/writer/calls.ts';
import { packInto, unpacked } from '../../src/sqlite/writer/packing.ts';

const text = fc.string({ maxLength: 5 });
const record = fc.record({
  text,
  keys: fc.array(fc.oneof(text, fc.integer(), fc.constant(null)), { maxLength: 4 }),
  labels: fc.array(fc.tuple(text, text), { maxLength: 3 }),
});
const to = {
  collection: text,
  id: text,
  record,
  events: fc.array(fc.record({ source: text, text }), { maxLength: 3 }),
};
const calls: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), ...to }),
  fc.record({ kind: fc.constant('save' as const), expected: fc.nat(), ...to }),
  fc.record({ kind: fc.constant('drop' as const), stream: text }),
);

test('calls come out of their packing as they went in, copied between threads or not', () =>
  fc.assert(
    fc.property(fc.array(calls, { maxLength: 5 }), (given) => {
      const packed: Parameters<typeof packInto>[0] = [];
      for (const call of given) packInto(packed, call);
      const plain: unknown = JSON.parse(JSON.stringify(given));
      assert.deepEqual(JSON.parse(JSON.stringify(unpacked(packed))), plain);
      assert.deepEqual(JSON.parse(JSON.stringify(unpacked(structuredClone(packed)))), plain);
    }),
  ));
