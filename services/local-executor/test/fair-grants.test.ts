import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fairGrants } from '../src/placement/fair-grants.ts';
import type { Claim } from '../src/placement/fair-grants.ts';

const claim = (jobId: string, customer: string, order: number, wanted: number): Claim => ({
  jobId,
  customer,
  order,
  wanted,
});

const cases: readonly [string, number, readonly Claim[], string][] = [
  ['one job gets all slots it wants', 4, [claim('a', 'x', 1, 3)], 'a a a'],
  ['one job gets no more than there are', 2, [claim('a', 'x', 1, 9)], 'a a'],
  ['no job, no grant', 4, [], ''],
  ['a job that wants nothing gets nothing', 2, [claim('a', 'x', 1, 0), claim('b', 'x', 2, 1)], 'b'],
  [
    'jobs of one customer get one shard each, oldest first, before a second',
    3,
    [claim('b', 'x', 2, 5), claim('a', 'x', 1, 5)],
    'a b a',
  ],
  [
    'beyond the first round the oldest job of a customer is served whole',
    6,
    [claim('a', 'x', 1, 4), claim('b', 'x', 2, 4)],
    'a b a a a b',
  ],
  [
    'customers take turns, however many jobs they have',
    4,
    [claim('a1', 'x', 1, 1), claim('a2', 'x', 2, 1), claim('a3', 'x', 3, 1), claim('b', 'y', 9, 4)],
    'a1 b a2 b',
  ],
  ['what a customer does not want goes to the others', 5, [claim('a', 'x', 1, 1), claim('b', 'y', 2, 9)], 'a b b b b'],
  ['jobs of the same age are told apart by their id', 1, [claim('b', 'x', 1, 1), claim('a', 'x', 1, 1)], 'a'],
];
for (const [name, capacity, claims, expected] of cases) {
  test(name, () => assert.equal(fairGrants(capacity, claims).join(' '), expected));
}

const claims = fc
  .array(fc.record({ customer: fc.constantFrom('x', 'y', 'z', 'w'), order: fc.nat(5), wanted: fc.nat(6) }), {
    maxLength: 12,
  })
  .map((list) => list.map((each, index) => ({ ...each, jobId: `job-${index}` })));
const capacities = fc.nat(12);

const sumOf = (list: readonly Claim[]): number => list.reduce((sum, { wanted }) => sum + wanted, 0);
const grantsOf = (granted: readonly string[], list: readonly Claim[]) =>
  list.map((each) => ({ ...each, granted: granted.filter((jobId) => jobId === each.jobId).length }));

test('every slot is granted while somebody wants it, and nobody gets more than they want', () => {
  fc.assert(
    fc.property(capacities, claims, (capacity, list) => {
      const granted = fairGrants(capacity, list);
      assert.equal(granted.length, Math.min(capacity, sumOf(list)));
      assert.ok(grantsOf(granted, list).every((each) => each.granted <= each.wanted));
    }),
  );
});

test('a customer who wants more has at most one slot less than any other: max–min', () => {
  fc.assert(
    fc.property(capacities, claims, (capacity, list) => {
      const all = grantsOf(fairGrants(capacity, list), list);
      const customers = [...Map.groupBy(all, ({ customer }) => customer).values()].map((own) => ({
        granted: own.reduce((sum, each) => sum + each.granted, 0),
        wanted: sumOf(own),
      }));
      const most = Math.max(0, ...customers.map(({ granted }) => granted));
      assert.ok(customers.every(({ granted, wanted }) => granted === wanted || granted >= most - 1));
    }),
  );
});

test('no job has two shards while another of its customer has none, and an older job never has fewer than a younger that wants as many', () => {
  fc.assert(
    fc.property(capacities, claims, (capacity, list) => {
      const all = grantsOf(fairGrants(capacity, list), list);
      for (const own of Map.groupBy(all, ({ customer }) => customer).values()) {
        const starved = own.some(({ granted, wanted }) => granted === 0 && wanted > 0);
        assert.ok(!starved || own.every(({ granted }) => granted <= 1));
        for (const old of own) {
          for (const young of own) {
            if (old.order < young.order && old.wanted >= young.wanted) assert.ok(old.granted >= young.granted);
          }
        }
      }
    }),
  );
});

test('the order in which claims are listed does not matter', () => {
  const shuffled = claims.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  fc.assert(
    fc.property(capacities, shuffled, (capacity, [list, other]) => {
      assert.deepEqual(fairGrants(capacity, other), fairGrants(capacity, list));
    }),
  );
});

test('one slot more takes none away from anybody', () => {
  fc.assert(
    fc.property(capacities, claims, (capacity, list) => {
      const fewer = fairGrants(capacity, list);
      assert.deepEqual(fairGrants(capacity + 1, list).slice(0, fewer.length), fewer);
    }),
  );
});
