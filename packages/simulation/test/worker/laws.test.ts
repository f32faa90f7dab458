import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openBlockQueue } from '../../src/worker/block-queue.ts';
import { readReply } from '../../src/worker/read-reply.ts';
import { retryDelay } from '../../src/worker/index.ts';
import { leaseOf } from './fake-platform.ts';

test('a block queue hands out each leased block once, lowest first, and none that is held', () => {
  const leases = fc.array(fc.record({ first: fc.nat(50), count: fc.integer({ min: 1, max: 20 }) }), { maxLength: 8 });
  fc.assert(
    fc.property(leases, fc.uniqueArray(fc.nat(70)), (given, heldBlocks) => {
      const queue = openBlockQueue();
      const held = new Set(heldBlocks);
      given.forEach(({ first, count }) => queue.add(leaseOf(first, count), held));
      const blocks: number[] = [];
      for (let block = queue.next(); block !== undefined; block = queue.next()) blocks.push(block);
      const all = given.flatMap(({ first, count }) => Array.from({ length: count }, (_, index) => first + index));
      const expected = [...new Set(all)].filter((block) => !held.has(block)).sort((a, b) => a - b);
      assert.deepEqual(blocks, expected);
    }),
  );
});

test('a retry delay lies between half of its ceiling and the ceiling, which doubles up to the cap', () => {
  const delays = { baseMs: 250, capMs: 30_000 };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, random) => {
        const ceiling = Math.min(30_000, 250 * 2 ** (failures - 1));
        const delay = retryDelay(failures, delays, random);
        assert.ok(delay >= ceiling / 2 && delay <= ceiling);
      },
    ),
  );
});

test('whatever JSON comes, a reply is read whole or not at all', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const reply = readReply(value);
      assert.ok(reply === null || ['continue', 'suspend', 'stop'].includes(reply.action));
    }),
  );
});

const broken: readonly [string, unknown][] = [
  ['an unknown action', { action: 'dance', lease: null }],
  ['a missing lease', { action: 'continue' }],
  ['a lease without blocks', { action: 'continue', lease: leaseOf(3, 0) }],
  ['a negative block', { action: 'continue', lease: leaseOf(-1, 2) }],
  ['a fraction of a block', { action: 'continue', lease: leaseOf(1, 2.5) }],
  ['a task without a kernel', { action: 'continue', lease: null, task: { engine: 'x' } }],
  ['no wait at all', { action: 'suspend', lease: null, retryAfterMs: 0 }],
];
for (const [name, value] of broken) {
  test(`a reply with ${name} is refused`, () => assert.equal(readReply(value), null));
}
