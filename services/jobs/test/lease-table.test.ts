import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openLeaseTable } from '../src/reports/lease-table.ts';
import type { LeaseTable } from '../src/reports/lease-table.ts';

const request = (shard: number, now: number, change = {}) => ({
  shard,
  now,
  prefix: 0,
  shards: 4,
  expectedBlocks: null,
  ...change,
});

const meet = (table: LeaseTable, shard: number, now = 0, attempt = 1): boolean =>
  table.hear({ shard, attempt, describe: true, now });

test('the lowest free blocks go first and no block has two holders', () => {
  const table = openLeaseTable({ total: null });
  for (const shard of [0, 1, 2]) meet(table, shard);
  assert.equal(table.grant(request(0, 0))?.first, 0);
  assert.equal(table.grant(request(1, 0))?.first, 2);
  table.free(0);
  assert.equal(table.grant(request(2, 0))?.first, 0);
});

test('a lease that ran out is handed out again', () => {
  const table = openLeaseTable({ total: null });
  meet(table, 0);
  meet(table, 1);
  table.grant(request(0, 0));
  assert.equal(table.grant(request(1, 14_000))?.first, 2);
  meet(table, 2, 16_000);
  assert.equal(table.grant(request(2, 16_000))?.first, 0);
});

test('a newer attempt frees the lease of the older one, which then gets none', () => {
  const table = openLeaseTable({ total: null });
  meet(table, 0, 0, 1);
  table.grant(request(0, 0));
  assert.equal(table.hear({ shard: 0, attempt: 2, describe: true, now: 10 }), true);
  meet(table, 1, 10);
  assert.equal(table.grant(request(1, 10))?.first, 0);
  assert.equal(table.hear({ shard: 0, attempt: 1, describe: false, now: 20 }), false);
});

test('the end of an older attempt does not free the lease of the newer one', () => {
  const table = openLeaseTable({ total: null });
  meet(table, 0, 0, 2);
  table.grant(request(0, 0));
  table.free(0, 1);
  assert.deepEqual(table.holdings.get(0), [{ first: 0, count: 2 }]);
});

test('a lease is at most two seconds of the measured pace', () => {
  const table = openLeaseTable({ total: null });
  meet(table, 0);
  table.grant(request(0, 0));
  // Two blocks in 20 ms: a hundred a second.
  table.done(0, 1, [0, 1], 20);
  const grant = table.grant(request(0, 20, { prefix: 2 }));
  assert.ok(grant !== null && grant.count > 20 && grant.count <= 200, `${grant?.count}`);
});

test('near the expected end leases get smaller', () => {
  const table = openLeaseTable({ total: 1000 });
  for (const shard of [0, 1, 2, 3]) meet(table, shard);
  table.grant(request(0, 0));
  table.done(0, 1, [0, 1], 2);
  const grant = table.grant(request(0, 2, { prefix: 2, expectedBlocks: 42 }));
  assert.equal(grant?.count, 5);
});

test('leases do not run ahead of the prefix without bound', () => {
  const table = openLeaseTable({ total: null });
  meet(table, 0);
  meet(table, 1);
  table.grant(request(1, 0));
  let leased = 0;
  for (let now = 1; ; now++) {
    const grant = table.grant(request(0, now, { shards: 2 }));
    if (grant === null) break;
    table.done(
      0,
      1,
      Array.from({ length: grant.count }, (_, index) => grant.first + index),
      now,
    );
    leased += grant.count;
    if (leased > 1_000_000) break;
  }
  assert.ok(leased < 40_000, `${leased}`);
});

test('a shard that still has most of its lease is reminded of it', () => {
  const table = openLeaseTable({ total: null });
  meet(table, 0);
  const first = table.grant(request(0, 0));
  assert.deepEqual(table.grant(request(0, 1))?.first, first?.first);
  assert.deepEqual(table.holdings.get(0), [{ first: 0, count: 2 }]);
});

/** Shards of a job with 60 blocks that work, die silently, restart and wait in any order. */
const action = fc.record({
  shard: fc.nat(3),
  kind: fc.constantFrom('work', 'work', 'work', 'die', 'end', 'wait'),
});

test('under random kills every block gets done, and never has two holders at once', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
      const total = 60;
      const table = openLeaseTable({ total });
      const done = new Set<number>();
      const attempts = [1, 1, 1, 1];
      const leases = new Map<number, { first: number; count: number }>();
      let now = 0;
      const prefix = (): number => {
        let length = 0;
        while (done.has(length)) length += 1;
        return length;
      };
      const work = (shard: number): void => {
        const attempt = attempts[shard] ?? 1;
        assert.equal(table.hear({ shard, attempt, describe: false, now }), true);
        const lease = leases.get(shard);
        if (lease !== undefined) {
          const blocks = Array.from({ length: lease.count }, (_, index) => lease.first + index);
          for (const block of blocks) done.add(block);
          table.done(shard, attempt, blocks, now);
          leases.delete(shard);
        }
        const grant = table.grant(request(shard, now, { prefix: prefix() }));
        if (grant !== null) leases.set(shard, grant);
      };
      const check = (): void => {
        const held = [...table.holdings.values()].flatMap((ranges) =>
          ranges.flatMap(({ first, count }) => Array.from({ length: count }, (_, index) => first + index)),
        );
        assert.equal(new Set(held).size, held.length, 'a block has two holders');
        assert.ok(
          held.every((block) => !done.has(block)),
          'a block that is done is held',
        );
        assert.ok(held.every((block) => block < total));
      };
      for (const { shard, kind } of actions) {
        now += kind === 'wait' ? 20_000 : 10;
        if (kind === 'work') work(shard);
        if (kind === 'die' || kind === 'end') {
          leases.delete(shard);
          if (kind === 'end') table.free(shard, attempts[shard]);
          attempts[shard] = (attempts[shard] ?? 1) + 1;
        }
        check();
      }
      for (let round = 0; done.size < total && round < 1000; round++) {
        now += 1_000;
        work(round % 4);
        check();
      }
      assert.equal(done.size, total);
    }),
    { numRuns: 200 },
  );
});
