import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StorageType, type StoredMsg, type StreamConfig } from '@nats-io/jetstream';
import { openNatsBus } from '@simfleet/bus-nats';
import { natsServer, startNats, until } from '@simfleet/testing';
import { checkVersion } from '../src/durability.ts';
import { event } from './processes/crew.ts';
import { connected, openBus } from './open-bus.ts';

const binary = natsServer();
const skip = 'missing' in binary ? binary.missing : false;
const types = ['dev.simfleet.shard.started.v1'] as const;

test('servers older than 2.12.3 are refused', () => {
  for (const version of ['2.12.3', '2.12.10', '2.13.0', '2.15.2', '3.0.0', '2.14.0-RC.1']) checkVersion(version);
  for (const version of ['2.12.2', '2.11.9', '1.99.99', '2.9.25', '']) {
    assert.throws(() => checkVersion(version), { code: 'invalid-configuration' });
  }
});

describe('opening', { skip }, () => {
  test('streams that would lose what they acknowledged are refused', async (t) => {
    const nats = await startNats(t);
    const { manager } = await connected(t, nats);
    const cases: readonly (readonly [string, Partial<StreamConfig>, RegExp])[] = [
      ['async', { persist_mode: 'async' }, /persist_mode async/],
      ['memory', { storage: StorageType.Memory }, /in memory/],
      ['interest', { retention: 'interest' }, /retain by limits/],
      ['partial', { subjects: ['partial.events.>'] }, /does not take partial\.replay/],
    ];
    for (const [namespace, config, message] of cases) {
      const subjects = [`${namespace}.events.>`, `${namespace}.replay.*`];
      await manager.streams.add({ name: `${namespace}-events`, subjects, ...config });
      await assert.rejects(openNatsBus({ url: nats.url, namespace }), { code: 'invalid-configuration', message });
    }
    const fine = await openBus(t, { url: nats.url, namespace: 'fine' });
    await fine.close();
    await manager.streams.delete('fine-dead');
    await manager.streams.add({
      name: 'fine-dead',
      subjects: ['fine.dead.*'],
      ...({ persist_mode: 'async' } as object),
    });
    await assert.rejects(openNatsBus({ url: nats.url, namespace: 'fine' }), { code: 'invalid-configuration' });
  });

  test('so is a bucket of leases that would forget who works', async (t) => {
    const nats = await startNats(t);
    const { manager } = await connected(t, nats);
    const cases: readonly (readonly [string, Partial<StreamConfig>, RegExp])[] = [
      ['async', { persist_mode: 'async' }, /KV_async-leases" has persist_mode async/],
      ['memory', { storage: StorageType.Memory }, /KV_memory-leases" is kept in memory/],
    ];
    for (const [namespace, config, message] of cases) {
      await openBus(t, { url: nats.url, namespace });
      const bucket = `KV_${namespace}-leases`;
      const { config: made } = await manager.streams.info(bucket);
      await manager.streams.delete(bucket);
      await manager.streams.add({ ...made, ...config });
      await assert.rejects(openNatsBus({ url: nats.url, namespace }), { code: 'invalid-configuration', message });
    }
  });

  test('the description tells the durability it found, and nothing tells the credentials', async (t) => {
    const nats = await startNats(t, { syncAlways: false });
    const bus = await openBus(t, { url: nats.url, monitorUrl: nats.monitorUrl });
    assert.equal(bus.description, 'nats 2.15.2 (JetStream file, 1 replica, synced every 120 s)');
    const unknown = await openBus(t, { url: nats.bareUrl, user: nats.user, password: nats.password });
    assert.match(unknown.description, /sync unknown/);
    await unknown.close();
    const wrong = nats.url.replace(nats.password, 'wrong-secret');
    for (const url of [wrong, 'nats://user:wrong-secret@127.0.0.1:1', 'http://user:wrong-secret@127.0.0.1:1']) {
      await assert.rejects(openNatsBus({ url }), (error: Error) => {
        assert.doesNotMatch(`${error.message} ${String(error.cause)} ${JSON.stringify(error)}`, /wrong-secret/);
        return true;
      });
    }
    await assert.rejects(openNatsBus({ url: wrong }), { code: 'unavailable' });
    await assert.rejects(openNatsBus({ url: 'http://localhost' }), { code: 'invalid-configuration' });
    await assert.rejects(openNatsBus({ url: nats.url, namespace: 'a.b' }), { code: 'invalid-configuration' });
  });

  test('the same event published twice is stored once; one too large is refused by name until the server takes it', async (t) => {
    const nats = await startNats(t, { maxPayload: 65_536 });
    const bus = await openBus(t, { url: nats.url });
    const handled: string[] = [];
    await bus.publish(event(0, 1));
    await bus.publish(event(0, 1));
    const large = { ...event(0, 2), customer: 'x'.repeat(60_000) };
    await assert.rejects(bus.publish(large), { code: 'body-too-large', message: /0-2 of \/jobs\/0/ });
    await bus.publish(event(0, 3));
    nats.reload({ maxPayload: 131_072 });
    await until('the larger limit', () =>
      bus.publish({ ...large, id: '0-4', sourceversion: 4 }).then(
        () => true,
        () => false,
      ),
    );
    // Registered after the events: it begins with the oldest that is kept.
    await bus.consume({ name: 'late', types, handle: async ({ id }) => void handled.push(id) });
    await until('both events', () => handled.length >= 3);
    assert.deepEqual(handled, ['0-1', '0-3', '0-4']);
  });

  test('two platforms on one server do not hear each other', async (t) => {
    const nats = await startNats(t);
    const [one, two] = [
      await openBus(t, { url: nats.url, namespace: 'one' }),
      await openBus(t, { url: nats.url, namespace: 'two' }),
    ];
    const heard: unknown[] = [];
    await two.consume({ name: 'all', types, handle: async ({ id }) => void heard.push(id) });
    await two.listen('news', (message) => heard.push(message));
    await one.publish(event(0, 1));
    one.broadcast('news', 'of one');
    await two.publish(event(0, 2));
    await until('the event of the second', () => heard.includes('0-2'));
    assert.deepEqual(heard, ['0-2']);
  });

  test('messages carry the trace of their event in headers, and nothing where it has none', async (t) => {
    const nats = await startNats(t);
    const bus = await openBus(t, { url: nats.url });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await bus.publish({ ...event(0, 1), traceparent, tracestate: 'vendor=1' });
    await bus.publish({ ...event(0, 2), traceparent, tracestate: 'line\nbreak=1' });
    await bus.publish({ ...event(0, 3), traceparent: 'nonsense\r\nX-Forged: 1' });
    await bus.publish(event(0, 4));
    const { manager } = await connected(t, nats);
    const told: unknown[] = [];
    for (const seq of [1, 2, 3, 4]) {
      const { header } = (await manager.streams.getMessage('simfleet-events', { seq })) as StoredMsg;
      told.push(['traceparent', 'tracestate', 'X-Forged'].map((name) => header.get(name)));
    }
    assert.deepEqual(told, [
      [traceparent, 'vendor=1', ''],
      [traceparent, '', ''],
      ['', '', ''],
      ['', '', ''],
    ]);
  });
});
