import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimfleetEvent } from '@simfleet/contracts';
import { ended, Inbox, refused, started, startedEvent, withBus, type BusSuite } from './suite.ts';

export const testDurable = (suite: BusSuite): void => {
  test('every consumer of the type gets the event whole, others do not', () =>
    withBus(suite, async (bus) => {
      const [one, two, other] = [new Inbox<SimfleetEvent>(), new Inbox<SimfleetEvent>(), new Inbox<SimfleetEvent>()];
      await bus.consume({ name: 'one', types: [started], handle: one.put });
      await bus.consume({ name: 'two', types: [ended, started], handle: two.put });
      await bus.consume({ name: 'other', types: [ended], handle: other.put });
      await bus.publish(startedEvent('a'));
      assert.deepEqual(await one.until(1), [startedEvent('a')]);
      assert.deepEqual(await two.until(1), [startedEvent('a')]);
      assert.deepEqual(other.got, []);
    }));

  test('an event nobody consumes is published all the same', () =>
    withBus(suite, (bus) => bus.publish(startedEvent('a'))));

  test('each event goes to one of the instances of a name', () =>
    withBus(suite, async (bus) => {
      const inbox = new Inbox<string>();
      for (let instance = 0; instance < 2; instance += 1) {
        await bus.consume({ name: 'same', types: [started], handle: ({ id }) => inbox.put(id) });
      }
      await Promise.all(['a', 'b', 'c', 'd'].map((id) => bus.publish(startedEvent(id))));
      assert.deepEqual((await inbox.until(4)).toSorted(), ['a1', 'b1', 'c1', 'd1']);
      await bus.publish(startedEvent('e'));
      assert.deepEqual((await inbox.until(5)).at(-1), 'e1');
    }));

  test('events of one source are handled in order, one at a time, by however many instances', () =>
    withBus(suite, async (bus) => {
      const inbox = new Inbox<number>();
      let under = 0;
      const handle = async ({ sourceversion }: SimfleetEvent): Promise<void> => {
        under += 1;
        assert.equal(under, 1, 'one at a time');
        await new Promise((resolve) => setImmediate(resolve));
        under -= 1;
        await inbox.put(sourceversion);
      };
      await bus.consume({ name: 'same', types: [started], handle, maxAttempts: 1 });
      await bus.consume({ name: 'same', types: [started], handle, maxAttempts: 1 });
      await Promise.all([1, 2, 3, 4, 5, 6].map((version) => bus.publish(startedEvent('a', version))));
      assert.deepEqual(await inbox.until(6), [1, 2, 3, 4, 5, 6]);
      assert.deepEqual(await bus.deadLetters({ limit: 10 }), []);
    }));

  test('a source that waits holds up no other', () =>
    withBus(suite, async (bus) => {
      const gate = Promise.withResolvers<void>();
      const inbox = new Inbox<string>();
      const handle = async ({ id }: SimfleetEvent): Promise<void> => {
        if (id === 'slow1') await gate.promise;
        await inbox.put(id);
      };
      await bus.consume({ name: 'one', types: [started], handle });
      const slow = bus.publish(startedEvent('slow'));
      await bus.publish(startedEvent('quick'));
      assert.deepEqual(await inbox.until(1), ['quick1']);
      gate.resolve();
      await slow;
      assert.deepEqual(await inbox.until(2), ['quick1', 'slow1']);
    }));

  test('a handler that fails sees the event again, before any later one of the source', () =>
    withBus(suite, async (bus) => {
      const inbox = new Inbox<string>();
      let failures = 3;
      const handle = async ({ id }: SimfleetEvent): Promise<void> => {
        await inbox.put(id);
        failures -= 1;
        if (failures >= 0) throw new Error('Not yet');
      };
      await bus.consume({ name: 'one', types: [started], handle });
      await Promise.all([bus.publish(startedEvent('a', 1)), bus.publish(startedEvent('a', 2))]);
      assert.deepEqual(await inbox.until(5), ['a1', 'a1', 'a1', 'a1', 'a2']);
      assert.deepEqual(await bus.deadLetters({ limit: 10 }), []);
    }));

  test('after its attempts an event is parked with its reason, and the next one of the source goes on', () =>
    withBus(suite, async (bus) => {
      const [poisoned, well] = [new Inbox<string>(), new Inbox<string>()];
      const handle = async ({ id }: SimfleetEvent): Promise<void> => {
        await poisoned.put(id);
        if (id === 'a1') throw new Error('Cannot digest this');
      };
      await bus.consume({ name: 'poisoned', types: [started], handle, maxAttempts: 3 });
      await bus.consume({ name: 'well', types: [started], handle: ({ id }) => well.put(id) });
      await bus.publish(startedEvent('a', 1));
      await bus.publish(startedEvent('a', 2));
      assert.deepEqual(await poisoned.until(4), ['a1', 'a1', 'a1', 'a2']);
      assert.deepEqual(await well.until(2), ['a1', 'a2']);
      const [letter, ...more] = await bus.deadLetters({ limit: 10 });
      assert.deepEqual(more, []);
      assert.deepEqual([letter?.consumer, letter?.event], ['poisoned', startedEvent('a', 1)]);
      assert.match(letter?.reason ?? '', /Cannot digest this/);
    }));

  test('consumers share no object with each other or the publisher', () =>
    withBus(suite, async (bus) => {
      const inbox = new Inbox<string>();
      const handle = async (event: SimfleetEvent): Promise<void> => {
        await inbox.put(event.customer);
        (event as { customer: string }).customer = 'changed';
      };
      await bus.consume({ name: 'one', types: [started], handle });
      await bus.consume({ name: 'two', types: [started], handle });
      const event = startedEvent('a');
      await bus.publish(event);
      assert.deepEqual(await inbox.until(2), ['acme', 'acme']);
      assert.equal(event.customer, 'acme');
    }));

  test('a subscription that ended gets nothing more, and its end waits for the handler under way', () =>
    withBus(suite, async (bus) => {
      const gate = Promise.withResolvers<void>();
      const [begun, done] = [new Inbox<string>(), new Inbox<string>()];
      const end = await bus.consume({
        name: 'one',
        types: [started],
        async handle({ id }) {
          await begun.put(id);
          await gate.promise;
          await done.put(id);
        },
      });
      const publishing = bus.publish(startedEvent('a'));
      await begun.until(1);
      const ending = Promise.all([end(), end()]);
      gate.resolve();
      await ending;
      assert.deepEqual(done.got, ['a1']);
      await publishing;
      await bus.publish(startedEvent('b'));
      assert.deepEqual(begun.got, ['a1']);
    }));

  test('a closed bus answers nothing but `unavailable`, and closing twice is like once', async () => {
    const bus = await suite.open();
    await bus.check();
    assert.notEqual(bus.description, '');
    await Promise.all([bus.close(), bus.close()]);
    await refused('unavailable', bus.check());
    await refused('unavailable', bus.publish(startedEvent('a')));
    await refused('unavailable', bus.request('jobs.register-token', { jobId: 'a', sha256: '0'.repeat(64) }));
  });
};
