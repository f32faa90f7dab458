import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimfleetEvent, TraceContext } from '@simfleet/contracts';
import { ended, followed, Inbox, refused, started, startedEvent, withBus, type Ends } from './suite.ts';

export const testDurable = (ends: Ends): void => {
  test('every consumer of the type gets the event whole, others do not', () =>
    withBus(ends, async (bus, other) => {
      const [one, two, third] = [new Inbox<SimfleetEvent>(), new Inbox<SimfleetEvent>(), new Inbox<SimfleetEvent>()];
      await other.consume({ name: 'one', types: [started], handle: one.put });
      await other.consume({ name: 'two', types: [ended, started], handle: two.put });
      await other.consume({ name: 'third', types: [ended], handle: third.put });
      await bus.publish(startedEvent('a'));
      assert.deepEqual(await one.until(1), [startedEvent('a')]);
      assert.deepEqual(await two.until(1), [startedEvent('a')]);
      assert.deepEqual(third.got, []);
    }));

  test('an event nobody consumes is published all the same', () =>
    withBus(ends, (bus) => bus.publish(startedEvent('a'))));

  test('a handler runs within the trace of its event, whoever publishes it, and within none for an event without', () =>
    withBus(ends, async (bus, other, tracing) => {
      const inbox = new Inbox<TraceContext | undefined>();
      const handle = async (): Promise<void> => {
        await new Promise<void>((resolve) => void setTimeout(resolve, 1));
        await inbox.put(tracing.current());
      };
      await other.consume({ name: 'one', types: [started], handle });
      const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'vendor=1' };
      const publisher = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00` };
      await tracing.within(publisher, async () => {
        await bus.publish({ ...startedEvent('a', 1), ...trace });
        await bus.publish(startedEvent('a', 2));
        await bus.publish({ ...startedEvent('a', 3), traceparent: 'nonsense' });
      });
      assert.deepEqual(await inbox.until(3), [trace, undefined, undefined]);
    }));

  test('a source that waits holds up no other', () =>
    withBus(ends, async (bus, other) => {
      const gate = Promise.withResolvers<void>();
      const inbox = new Inbox<string>();
      const handle = async ({ id }: SimfleetEvent): Promise<void> => {
        if (id === 'slow1') await gate.promise;
        await inbox.put(id);
      };
      await other.consume({ name: 'one', types: [started], handle });
      const slow = bus.publish(startedEvent('slow'));
      await bus.publish(startedEvent('quick'));
      assert.deepEqual(await inbox.until(1), ['quick1']);
      gate.resolve();
      await slow;
      assert.deepEqual(await inbox.until(2), ['quick1', 'slow1']);
    }));

  test('a handler that fails sees the event again, before any later one of the source', () =>
    withBus(ends, async (bus, other) => {
      const inbox = new Inbox<string>();
      let failures = 3;
      const handle = async ({ id }: SimfleetEvent): Promise<void> => {
        await inbox.put(id);
        failures -= 1;
        if (failures >= 0) throw new Error('Not yet');
      };
      await other.consume({ name: 'one', types: [started], handle });
      await Promise.all([bus.publish(startedEvent('a', 1)), bus.publish(startedEvent('a', 2))]);
      assert.deepEqual(await inbox.until(5), ['a1', 'a1', 'a1', 'a1', 'a2']);
      assert.deepEqual(await bus.deadLetters({ limit: 10 }), []);
    }));

  test('after its attempts an event is parked with its reason, and the next one of the source goes on', () =>
    withBus(ends, async (bus, other) => {
      const [poisoned, well] = [new Inbox<string>(), new Inbox<string>()];
      const handle = async ({ id }: SimfleetEvent): Promise<void> => {
        await poisoned.put(id);
        if (id === 'a1') throw new Error('Cannot digest this');
      };
      await other.consume({ name: 'poisoned', types: [started], handle, maxAttempts: 3 });
      await other.consume({ name: 'well', types: [started], handle: ({ id }) => well.put(id) });
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
    withBus(ends, async (bus, other) => {
      const inbox = new Inbox<string>();
      const handle = async (event: SimfleetEvent): Promise<void> => {
        await inbox.put(event.customer);
        (event as { customer: string }).customer = 'changed';
      };
      await other.consume({ name: 'one', types: [started], handle });
      await other.consume({ name: 'two', types: [started], handle });
      const event = startedEvent('a');
      await bus.publish(event);
      assert.deepEqual(await inbox.until(2), ['acme', 'acme']);
      assert.equal(event.customer, 'acme');
    }));

  test('a subscription that ended gets nothing more, and its end waits for the handler under way', () =>
    withBus(ends, async (bus, other) => {
      const gate = Promise.withResolvers<void>();
      const [begun, done] = [new Inbox<string>(), new Inbox<string>()];
      const end = await other.consume({
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
    const [bus, other] = await ends.open(followed());
    await bus.check();
    assert.notEqual(bus.description, '');
    await Promise.all([bus.close(), bus.close(), other.close()]);
    await refused('unavailable', bus.check());
    await refused('unavailable', bus.publish(startedEvent('a')));
    await refused('unavailable', bus.request('jobs.register-token', { jobId: 'a', sha256: '0'.repeat(64) }));
  });
};
