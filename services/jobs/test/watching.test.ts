import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jobId, openHall, running, succeeded } from './support/watchers.ts';
import type { Client, Hall } from './support/watchers.ts';

/** What happens between two answers of the store. */
type Step =
  | { readonly do: 'append'; readonly count: number }
  | { readonly do: 'watch'; readonly from: number }
  | { readonly do: 'leave' | 'stall' | 'read'; readonly who: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'deafen' | 'hear' | 'break' | 'mend' };

const who = fc.nat({ max: 9 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 150 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('watch' as const), from: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('leave', 'stall', 'read'), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 500, 5000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('deafen', 'hear', 'break', 'mend') }) },
);
/** Each step, and how many answers of the store come before the next one. */
const story = fc.array(fc.tuple(step, fc.nat({ max: 6 })), { minLength: 4, maxLength: 40 });

interface Seat {
  readonly client: Client;
  readonly after: number;
}

const run = async (hall: Hall, seats: Seat[], what: Step): Promise<void> => {
  const last = await hall.live.last(jobId);
  switch (what.do) {
    case 'append':
      return hall.append(Array.from({ length: what.count }, (_, index) => `k${last + index + 1}`));
    case 'watch': {
      const after = Math.floor(what.from * last);
      const client = hall.open();
      seats.push({ client, after });
      hall.watching.start(client.peer, { jobId, after, last, onEnd: () => undefined });
      return;
    }
    case 'wait':
      return hall.clock.advance(what.ms);
    case 'deafen':
    case 'hear':
      hall.hears = what.do === 'hear';
      return;
    case 'break':
    case 'mend':
      hall.works = what.do === 'mend';
      return;
    default: {
      const client = seats[what.who % Math.max(1, seats.length)]?.client;
      if (what.do === 'leave') client?.disconnect();
      else client?.[what.do]();
    }
  }
};

const from = (after: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => after + 1 + index);

const assertWhole = (seats: readonly Seat[], last: number): void => {
  for (const { client, after } of seats) {
    const { ids, ends, isOpen } = client;
    assert.deepEqual(ids, from(after, isOpen ? last - after : ids.length), 'missed, repeated or out of order');
    assert.deepEqual(ends, isOpen ? [last] : ends.filter((end) => end === last));
  }
};

test('whenever clients join, leave, stall and the store answers late or not, each gets every event once, in order, then the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), story, async (scheduler, steps) => {
      const hall = openHall((answer) => scheduler.schedule(answer));
      const seats: Seat[] = [];
      for (const [what, answers] of steps) {
        const done = run(hall, seats, what);
        for (let count = 0; count < answers && scheduler.count() > 0; count++) await scheduler.waitOne();
        await done;
      }
      hall.works = true;
      hall.job = succeeded;
      for (const { client } of seats) client.read();
      for (let rounds = 0; rounds < 60 && hall.counts.watches > 0; rounds++) {
        while (scheduler.count() > 0) await scheduler.waitOne();
        await hall.clock.advance(2500);
      }
      assertWhole(seats, await hall.live.last(jobId));
      assert.deepEqual([hall.counts.watches, hall.counts.followers], [0, 0], 'nobody watches, nobody follows');
    }),
    { numRuns: 300 },
  );
});

test('the log is read once and each event published once, however many watch', async () => {
  const hall = openHall((answer) => answer);
  const clients = Array.from({ length: 100 }, () => hall.open());
  for (const { peer } of clients) hall.watching.start(peer, { jobId, after: 0, last: 0, onEnd: () => undefined });
  await hall.clock.advance(0);
  for (let count = 0; count < 10; count++) {
    await hall.append([`k${count}`]);
    await hall.clock.advance(0);
  }
  assert.deepEqual(hall.counts, { watches: 100, followers: 1, reads: 0, published: 10 });
  for (const { ids } of clients) assert.deepEqual(ids, from(0, 10));
  for (const client of clients) client.disconnect();
  assert.deepEqual([hall.counts.watches, hall.counts.followers], [0, 0]);
  await hall.clock.advance(10_000);
  assert.equal(hall.clock.waiting, 0, 'no timer is left behind');
});

test('a client that reads nothing while it catches up holds a page, and is not sent more', async () => {
  const hall = openHall((answer) => answer);
  await hall.append(Array.from({ length: 1000 }, (_, index) => `k${index}`));
  const client = hall.open();
  client.stall();
  hall.watching.start(client.peer, { jobId, after: 0, last: 1000, onEnd: () => undefined });
  await hall.clock.advance(60_000);
  assert.deepEqual([client.ids.length, hall.counts.reads], [0, 1]);
  client.read();
  await hall.clock.advance(0);
  assert.deepEqual(client.ids, from(0, 1000));
});

test('a client that is ahead of the follower is taken in before the next event, even if the ones between are gone', async () => {
  const hall = openHall((answer) => answer);
  await hall.append(['a', 'b', 'c']);
  const start = (client: Client, after: number, last: number) =>
    hall.watching.start(client.peer, { jobId, after, last, onEnd: () => undefined });
  const [first, ahead] = [hall.open(), hall.open()];
  start(first, 3, 3);
  await hall.clock.advance(0);
  hall.hears = false;
  await hall.append(['d', 'e', 'f', 'g', 'h']);
  start(ahead, 5, 8);
  await hall.trim(6);
  await hall.clock.advance(5_000);
  assert.deepEqual(
    [first.ids, ahead.ids],
    [
      [7, 8],
      [7, 8],
    ],
  );
});

test('the end of a job that is deleted while it is watched is told to those who wait, and to those who catch up', async () => {
  const hall = openHall((answer) => answer);
  await hall.append(['a', 'b', 'c']);
  const [live, behind] = [hall.open(), hall.open()];
  hall.watching.start(live.peer, { jobId, after: 3, last: 3, onEnd: () => undefined });
  behind.stall();
  hall.watching.start(behind.peer, { jobId, after: 0, last: 3, onEnd: () => undefined });
  await hall.clock.advance(0);
  hall.job = null;
  await hall.live.drop(jobId);
  await hall.clock.advance(6_000);
  assert.deepEqual([live.ids, live.ends], [[], [3]]);
  behind.read();
  await hall.clock.advance(6_000);
  assert.deepEqual([behind.ids, behind.ends], [[1, 2, 3], [3]]);
  hall.job = running;
});
