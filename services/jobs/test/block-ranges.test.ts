import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openBlockRanges } from '../src/reports/block-ranges.ts';

const blocks = 40;
const operation = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), first: fc.nat(blocks - 1), count: fc.nat(8) }),
  fc.record({ kind: fc.constant('remove' as const), block: fc.nat(blocks - 1) }),
  fc.record({ kind: fc.constant('take' as const), count: fc.integer({ min: 1, max: 10 }), below: fc.nat(blocks) }),
);

test('ranges behave as a set of blocks whose lowest run is taken first', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const ranges = openBlockRanges();
      const model = new Set<number>();
      for (const each of operations) {
        if (each.kind === 'add') {
          ranges.add(each);
          for (let block = each.first; block < each.first + each.count; block++) model.add(block);
        } else if (each.kind === 'remove') {
          assert.equal(ranges.remove(each.block), model.delete(each.block));
        } else {
          const taken = ranges.takeLowest(each.count, each.below);
          const lowest = Math.min(...model);
          if (model.size === 0 || lowest >= each.below) assert.equal(taken, null);
          else {
            let count = 0;
            while (count < each.count && lowest + count < each.below && model.delete(lowest + count)) count += 1;
            assert.deepEqual(taken, { first: lowest, count });
          }
        }
        assert.equal(ranges.size, model.size);
      }
      for (let block = 0; block <= blocks + 8; block++) assert.equal(ranges.has(block), model.has(block));
    }),
  );
});

test('neighbouring ranges become one', () => {
  const ranges = openBlockRanges([
    { first: 4, count: 2 },
    { first: 0, count: 2 },
  ]);
  ranges.add({ first: 2, count: 2 });
  assert.deepEqual(ranges.ranges, [{ first: 0, count: 6 }]);
});
