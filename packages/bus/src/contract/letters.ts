import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimfleetEvent } from '@simfleet/contracts';
import type { Bus, DeadLetter } from '../bus.ts';
import { Inbox, refused, started, startedEvent, withBus, type Ends } from './suite.ts';

/** Waits until so many are parked. */
const parked = async (bus: Bus, count: number): Promise<readonly DeadLetter[]> => {
  const end = performance.now() + 2000;
  for (;;) {
    const letters = await bus.deadLetters({ limit: 1000 });
    if (letters.length >= count) return letters;
    assert.ok(performance.now() < end, `still waiting for ${count} dead letters, got ${letters.length}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

export const testLetters = (ends: Ends): void => {
  /** A consumer that fails as it is told, and says what it saw. */
  const failing = async (
    bus: Bus,
    name: string,
    reason: () => string | null,
    seen: Inbox<string> = new Inbox(),
  ): Promise<Inbox<string>> => {
    const handle = async ({ id }: SimfleetEvent): Promise<void> => {
      await seen.put(id);
      const why = reason();
      if (why !== null) throw new Error(why);
    };
    await bus.consume({ name, types: [started], handle, maxAttempts: 3 });
    return seen;
  };

  test('a letter tells who failed, at what, how often, why and when', () =>
    withBus(ends, async (bus, other) => {
      const before = Date.now();
      await failing(other, 'a name. with * signs>', () => 'Cannot «digest»\nthis');
      await bus.publish(startedEvent('a'));
      const [letter, ...more] = await parked(bus, 1);
      assert.deepEqual(more, []);
      assert.deepEqual(letter?.event, startedEvent('a'));
      assert.deepEqual(
        [letter.consumer, letter.reason, letter.attempts],
        ['a name. with * signs>', 'Cannot «digest»\nthis', 3],
      );
      const time = Date.parse(letter.time);
      assert.ok(time >= before - 1000 && time <= Date.now() + 1000, letter.time);
    }));

  test('letters come oldest first, in pages, under ids that sort', () =>
    withBus(ends, async (bus, other) => {
      await failing(other, 'one', () => 'No');
      for (const version of [1, 2, 3, 4, 5]) await bus.publish(startedEvent('a', version));
      const all = await parked(bus, 5);
      assert.deepEqual(
        all.map(({ event }) => event.sourceversion),
        [1, 2, 3, 4, 5],
      );
      const ids = all.map(({ id }) => id);
      assert.deepEqual(ids, ids.toSorted());
      const pages: string[][] = [];
      for (let after: string | undefined; pages.length < 4; after = pages.at(-1)?.at(-1)) {
        const page = await bus.deadLetters(after === undefined ? { limit: 2 } : { limit: 2, after });
        if (page.length === 0) break;
        pages.push(page.map(({ id }) => id));
      }
      assert.deepEqual(pages, [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    }));

  test('a replay reaches the consumer that failed and nobody else, and the letter is gone', () =>
    withBus(ends, async (bus, other) => {
      let reason: string | null = 'No';
      const seen = await failing(other, 'one', () => reason);
      const well = await failing(other, 'well', () => null);
      await bus.publish(startedEvent('a'));
      const [letter] = await parked(bus, 1);
      reason = null;
      await bus.replay(letter?.id ?? '');
      assert.deepEqual(await seen.until(4), ['a1', 'a1', 'a1', 'a1']);
      assert.deepEqual(await bus.deadLetters({ limit: 10 }), []);
      await bus.publish(startedEvent('b'));
      assert.deepEqual(await well.until(2), ['a1', 'b1']);
      await refused('not-found', bus.replay(letter?.id ?? ''));
    }));

  test('a replay that fails again has all its attempts, and is parked anew with its new reason', () =>
    withBus(ends, async (bus, other) => {
      let reason = 'First';
      const seen = await failing(other, 'one', () => reason);
      await bus.publish(startedEvent('a'));
      const [first] = await parked(bus, 1);
      reason = 'Second';
      await bus.replay(first?.id ?? '');
      await seen.until(6);
      const [second, ...more] = await parked(bus, 1);
      assert.deepEqual([second?.reason, second?.attempts, more.length], ['Second', 3, 0]);
      assert.deepEqual(second?.event, startedEvent('a'));
      assert.ok((second?.id ?? '') > (first?.id ?? ''));
    }));

  test('a letter that is discarded is gone, the others stay', () =>
    withBus(ends, async (bus, other) => {
      await failing(other, 'one', () => 'No');
      for (const version of [1, 2, 3]) await bus.publish(startedEvent('a', version));
      const [one, two, three] = await parked(bus, 3);
      await bus.discard(two?.id ?? '');
      assert.deepEqual(await bus.deadLetters({ limit: 10 }), [one, three]);
      await refused('not-found', bus.discard(two?.id ?? ''));
    }));

  test('a letter that never was is `not-found`', () =>
    withBus(ends, async (bus) => {
      for (const id of ['', '0', 'nothing', '000000000007', '-1', '99999999999999999999']) {
        await refused('not-found', bus.replay(id));
        await refused('not-found', bus.discard(id));
      }
    }));
};
