import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fairGrants } from '../src/placement/fair-grants.ts';
import { nextMoves } from '../src/placement/next-moves.ts';
import type { Standing } from '../src/placement/next-moves.ts';

const standing = (
  jobId: string,
  customer: string,
  order: number,
  wanted: number,
  running = 0,
  leaving = 0,
): Standing => ({
  ...{ jobId, customer, order, wanted, running, leaving },
});

const cases: readonly [string, number, readonly Standing[], string, string][] = [
  ['free slots are filled at once', 3, [standing('a', 'x', 1, 2)], 'a a', ''],
  [
    'nothing moves while everybody has their share',
    2,
    [standing('a', 'x', 1, 1, 1), standing('b', 'y', 2, 1, 1)],
    '',
    '',
  ],
  [
    'a job that holds all slots gives one up for a customer without any',
    2,
    [standing('a', 'x', 1, 4, 2), standing('b', 'y', 2, 1)],
    '',
    'a',
  ],
  [
    'while a shard is leaving no other is asked for the same slot',
    2,
    [standing('a', 'x', 1, 4, 2, 1), standing('b', 'y', 2, 1)],
    '',
    '',
  ],
  [
    'a slot that came free goes to the one who waits for it',
    2,
    [standing('a', 'x', 1, 4, 1), standing('b', 'y', 2, 1)],
    'b',
    '',
  ],
  [
    'a free slot is used before anybody is asked to leave',
    3,
    [standing('a', 'x', 1, 4, 2), standing('b', 'y', 2, 1)],
    'b',
    '',
  ],
  [
    'a second job of the same customer gets its first shard too',
    2,
    [standing('a', 'x', 1, 2, 2), standing('b', 'x', 2, 2)],
    '',
    'a',
  ],
  [
    'the job furthest above its share gives first',
    4,
    [standing('a', 'x', 1, 4, 3), standing('b', 'x', 2, 4, 1), standing('c', 'y', 3, 2)],
    '',
    'a a',
  ],
];
for (const [name, capacity, standings, start, release] of cases) {
  test(name, () => {
    const moves = nextMoves(capacity, standings);
    assert.equal(moves.start.join(' '), start);
    assert.equal(moves.release.join(' '), release);
  });
}

const standings = fc
  .array(
    fc.record({ customer: fc.constantFrom('x', 'y', 'z'), order: fc.nat(5), wanted: fc.nat(5), running: fc.nat(3) }),
    {
      maxLength: 8,
    },
  )
  .map((list) =>
    list.map((each, index) => ({
      ...each,
      jobId: `job-${index}`,
      leaving: 0,
      running: Math.min(each.running, each.wanted),
    })),
  );

test('moves carried out again and again end in the fair grants, never above capacity', () => {
  fc.assert(
    fc.property(standings, fc.nat(6), (initial, extra) => {
      const capacity = initial.reduce((sum, { running }) => sum + running, 0) + extra;
      let now = initial;
      for (let round = 0; round < 100; round++) {
        const { start, release } = nextMoves(capacity, now);
        if (start.length + release.length === 0) break;
        const count = (list: readonly string[], jobId: string) => list.filter((each) => each === jobId).length;
        // Shards asked to leave are gone by the next round.
        now = now.map((each) => ({
          ...each,
          running: each.running + count(start, each.jobId) - count(release, each.jobId),
        }));
        assert.ok(now.every(({ running, wanted }) => running >= 0 && running <= wanted));
        assert.ok(now.reduce((sum, { running }) => sum + running, 0) <= capacity);
      }
      const running = now.flatMap(({ jobId, running: held }) => Array.from({ length: held }, () => jobId)).sort();
      assert.deepEqual(running, [...fairGrants(capacity, now)].sort());
    }),
  );
});
