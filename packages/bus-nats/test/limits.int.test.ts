import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { natsServer, startNats, until } from '@simfleet/testing';
import { event } from './processes/crew.ts';
import { connected, openBus } from './open-bus.ts';

const binary = natsServer();
const skip = 'missing' in binary ? binary.missing : false;
const types = ['dev.simfleet.shard.started.v1'] as const;

describe('limits', { skip }, () => {
  test('by count the oldest events go, handled or not, and who is behind is reported before', async (t) => {
    // First, as cleaning up is done in this order, and a bus waits for its handlers.
    const gate = Promise.withResolvers<void>();
    t.after(() => gate.resolve());
    const nats = await startNats(t);
    const troubles: string[] = [];
    const options = { url: nats.url, eventsMaxCount: 10, lookMs: 20 };
    const bus = await openBus(t, { ...options, onTrouble: (what) => troubles.push(what) });
    const handled: number[] = [];
    const handle = async ({ sourceversion }: { readonly sourceversion: number }): Promise<void> => {
      await gate.promise;
      handled.push(sourceversion);
    };
    const end = await bus.consume({ name: 'slow', types, handle });
    for (let version = 1; version <= 6; version += 1) await bus.publish(event(0, version));
    // Five newer ones of ten are half way, and no danger yet.
    assert.deepEqual(troubles, []);
    await bus.publish(event(0, 7));
    await until('the report', () => troubles.length > 0);
    assert.match(
      troubles[0] ?? '',
      /^Consumer slow may lose events: it is 6 events behind and the newest 10 are kept$/,
    );
    gate.resolve();
    await until('all of them', () => handled.length === 7);
    await end();
    for (let version = 8; version <= 30; version += 1) await bus.publish(event(0, version));
    const { manager } = await connected(t, nats);
    assert.equal((await manager.streams.info('simfleet-events')).state.messages, 10);
    await bus.consume({ name: 'slow', types, handle });
    await until('the last', () => handled.includes(30));
    assert.deepEqual(handled.slice(7), [21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  });

  test('by age too', async (t) => {
    // First, as cleaning up is done in this order, and a bus waits for its handlers.
    const gate = Promise.withResolvers<void>();
    t.after(() => gate.resolve());
    const nats = await startNats(t);
    const troubles: string[] = [];
    const options = { url: nats.url, eventsMaxAgeMs: 1000, lookMs: 20 };
    const bus = await openBus(t, { ...options, onTrouble: (what) => troubles.push(what) });
    await bus.consume({ name: 'slow', types, handle: () => gate.promise });
    await bus.publish(event(0, 1));
    const { manager } = await connected(t, nats);
    await until('the report', () => troubles.length > 0);
    assert.match(
      troubles[0] ?? '',
      /^Consumer slow may lose events: it is \d+ ms behind and events are kept for 1000 ms$/,
    );
    await until('the loss', async () => (await manager.streams.info('simfleet-events')).state.messages === 0);
  });
});
