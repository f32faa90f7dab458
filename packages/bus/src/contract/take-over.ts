import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimfleetEvent } from '@simfleet/contracts';
import { Inbox, publishSurely, started, startedEvent, withBus, type Ends } from './suite.ts';

export const testTakeOver = (ends: Ends): void => {
  test('each event goes to one of the instances of a name', () =>
    withBus(ends, async (bus, other) => {
      const inbox = new Inbox<string>();
      for (const end of [bus, other]) {
        await end.consume({ name: 'same', types: [started], handle: ({ id }) => inbox.put(id) });
      }
      await Promise.all(['a', 'b', 'c', 'd'].map((id) => bus.publish(startedEvent(id))));
      assert.deepEqual((await inbox.until(4)).toSorted(), ['a1', 'b1', 'c1', 'd1']);
      await bus.publish(startedEvent('e'));
      assert.deepEqual((await inbox.until(5)).at(-1), 'e1');
    }));

  test('events of one source are handled in order, one at a time, by however many instances', () =>
    withBus(ends, async (bus, other) => {
      const inbox = new Inbox<number>();
      let under = 0;
      const handle = async ({ sourceversion }: SimfleetEvent): Promise<void> => {
        under += 1;
        assert.equal(under, 1, 'one at a time');
        await new Promise((resolve) => setImmediate(resolve));
        under -= 1;
        await inbox.put(sourceversion);
      };
      for (const end of [bus, other]) await end.consume({ name: 'same', types: [started], handle, maxAttempts: 1 });
      await Promise.all([1, 2, 3, 4, 5, 6].map((version) => bus.publish(startedEvent('a', version))));
      assert.deepEqual(await inbox.until(6), [1, 2, 3, 4, 5, 6]);
      assert.deepEqual(await bus.deadLetters({ limit: 10 }), []);
    }));

  test('when the instance that had work ends, another goes on', () =>
    withBus(ends, async (bus, other) => {
      const inbox = new Inbox<string>();
      const instances = new Map<string, () => Promise<void>>();
      for (const [label, end] of [
        ['x', bus],
        ['y', other],
      ] as const) {
        const handle = ({ id }: SimfleetEvent): Promise<void> => inbox.put(`${label} ${id}`);
        instances.set(label, await end.consume({ name: 'same', types: [started], handle }));
      }
      await bus.publish(startedEvent('a', 1));
      const [[first = ''] = []] = await inbox.until(1);
      await instances.get(first)?.();
      await publishSurely(bus, startedEvent('a', 2));
      const second = first === 'x' ? 'y' : 'x';
      assert.deepEqual(await inbox.until(2), [`${first} a1`, `${second} a2`]);
    }));

  test('what an instance leaves when it ends goes to another, in order', () =>
    withBus(ends, async (bus, other) => {
      const [begun, done] = [new Inbox<string>(), new Inbox<string>()];
      const gate = Promise.withResolvers<void>();
      const endFirst = await bus.consume({
        name: 'same',
        types: [started],
        async handle({ id }) {
          await begun.put(id);
          await gate.promise;
          await done.put(id);
        },
      });
      const publishing = [1, 2, 3, 4].map((version) => publishSurely(bus, startedEvent('a', version)));
      await begun.until(1);
      const ending = endFirst();
      await other.consume({ name: 'same', types: [started], handle: ({ id }) => done.put(id) });
      gate.resolve();
      await Promise.all([ending, ...publishing]);
      assert.deepEqual(await done.until(4), ['a1', 'a2', 'a3', 'a4']);
      assert.deepEqual(begun.got, ['a1']);
    }));
};
