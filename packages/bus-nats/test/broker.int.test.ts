import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe, test, type TestContext } from 'node:test';
import { connect, createInbox } from '@nats-io/transport-node';
import type { SimfleetEvent } from '@simfleet/contracts';
import {
  natsServer,
  runningTime,
  startNats,
  systemCalls,
  temporaryDirectory,
  until,
  type SystemCall,
} from '@simfleet/testing';
import { event, publishAll } from './processes/crew.ts';
import { openBus } from './open-bus.ts';

const binary = natsServer();
const skip = 'missing' in binary ? binary.missing : false;
const types = ['dev.simfleet.shard.started.v1'] as const;
const rounds = process.env['SIMFLEET_CHAOS'] === undefined ? 2 : 10;

describe('the broker', { skip }, () => {
  test('killed and started again under load, it has every acknowledged event, and all are handled in order', async (t) => {
    const nats = await startNats(t);
    const bus = await openBus(t, { url: nats.url });
    const handled = new Map<string, number[]>();
    await bus.consume({
      name: 'work',
      types,
      handle: async ({ source, sourceversion }) =>
        void handled.set(source, [...(handled.get(source) ?? []), sourceversion]),
    });
    let acknowledged = 0;
    const publish = async (each: ReturnType<typeof event>): Promise<void> => {
      await bus.publish(each);
      acknowledged += 1;
    };
    const [sources, versions] = [20, 50 * rounds];
    const publishing = publishAll(publish, sources, versions, 5);
    for (let round = 1; round <= rounds; round += 1) {
      await until('some acknowledgements', () => acknowledged > (sources * versions * round) / (rounds + 2));
      await nats.kill();
      await until('the loss to be noticed', () =>
        bus.check().then(
          () => false,
          () => true,
        ),
      );
      await nats.restart();
      await until('the connection', () =>
        bus.check().then(
          () => true,
          () => false,
        ),
      );
    }
    await publishing;
    const firsts = (): number => [...handled.values()].reduce((sum, list) => sum + new Set(list).size, 0);
    await until('every event handled', () => firsts() === sources * versions, 20_000);
    for (const [source, list] of handled) {
      const order = [...new Set(list)];
      assert.deepEqual(
        order,
        order.toSorted((one, two) => one - two),
        source,
      );
    }
  });

  test('stopped, it is noticed within seconds: nothing waits for ever, and all goes on when it does', async (t) => {
    const nats = await startNats(t);
    const bus = await openBus(t, { url: nats.url });
    const handled: number[] = [];
    await bus.consume({ name: 'work', types, handle: async ({ sourceversion }) => void handled.push(sourceversion) });
    await bus.publish(event(0, 1));
    await until('the first event', () => handled.length === 1);
    nats.pause();
    const running = runningTime();
    await assert.rejects(bus.publish(event(0, 2)), { code: 'unavailable' });
    assert.ok(running() < 6000, `publish took ${running()} ms`);
    await until('the loss to be noticed', () =>
      bus.check().then(
        () => false,
        () => true,
      ),
    );
    t.diagnostic(`noticed after ${Math.round(running())} ms`);
    assert.ok(running() < 8000);
    const refused = running();
    await assert.rejects(bus.publish(event(0, 2)), { code: 'unavailable' });
    await assert.rejects(bus.request('jobs.register-token', { jobId: 'a', sha256: '0'.repeat(64) }), {
      code: 'unavailable',
    });
    assert.ok(running() - refused < 1000, 'refused at once while it is known to be away');
    bus.broadcast('news', 1);
    nats.resume();
    await until('the connection', () =>
      bus.check().then(
        () => true,
        () => false,
      ),
    );
    await bus.publish(event(0, 2));
    await until('the second event', () => handled.includes(2));
  });

  test('messages that somebody else pulled are waited for: nothing later of their source is begun', async (t) => {
    const nats = await startNats(t);
    const bus = await openBus(t, { url: nats.url });
    const handled: number[] = [];
    const work = {
      name: 'work',
      types,
      handle: async ({ sourceversion }: SimfleetEvent) => void handled.push(sourceversion),
    };
    const end = await bus.consume(work);
    const thief = await connect({ servers: nats.bareUrl, user: nats.user, pass: nats.password });
    t.after(() => thief.close());
    let stolen = 0;
    const inbox = createInbox();
    thief.subscribe(inbox, {
      callback: (_error, message) => void (stolen += message.reply?.startsWith('$JS.ACK') ? 1 : 0),
    });
    const steal = (): void =>
      thief.publish('$JS.API.CONSUMER.MSG.NEXT.simfleet-events.work', JSON.stringify({ batch: 3, expires: 5e9 }), {
        reply: inbox,
      });
    // While an instance works, beside its own pulls.
    await bus.publish(event(0, 1));
    await until('the first', () => handled.length === 1);
    steal();
    await thief.flush();
    for (let version = 2; version <= 20; version += 1) await bus.publish(event(0, version));
    await until('all of them', () => handled.length >= 20);
    assert.deepEqual(
      handled,
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    assert.equal(stolen, 3);
    // Before one begins.
    await end();
    for (let version = 21; version <= 40; version += 1) await bus.publish(event(0, version));
    steal();
    await until('the theft', () => stolen === 6);
    await bus.consume(work);
    await until('the others', () => handled.length >= 40);
    assert.deepEqual(
      handled,
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
  });

  test('acknowledges an event only after it is synced', async (t) => {
    if (spawnSync('strace', ['-V']).error !== undefined) return t.skip('strace is not installed');
    assert.deepEqual(
      await ordersOf(t, true),
      Array.from({ length: 5 }, () => 'synced, then acknowledged'),
    );
    // The same look tells a server that acknowledges first.
    const hurried = await ordersOf(t, false);
    assert.deepEqual(
      hurried,
      Array.from({ length: 5 }, () => 'acknowledged before it was synced'),
    );
  });
});

/** What a server did with each of five events: their writes to the stream's block, the syncs of that very file, and the acknowledgements. */
const ordersOf = async (t: TestContext, syncAlways: boolean): Promise<readonly string[]> => {
  const trace = join(temporaryDirectory(t).path, 'trace');
  const watched = 'trace=write,pwrite64,writev,fsync,fdatasync';
  const nats = await startNats(t, {
    syncAlways,
    under: ['strace', '-f', '-y', '-e', watched, '-s', '65536', '-o', trace],
  });
  const bus = await openBus(t, { url: nats.url, monitorUrl: nats.monitorUrl });
  assert.equal(bus.description.includes('synced before acknowledged'), syncAlways, bus.description);
  for (let version = 1; version <= 5; version += 1)
    await bus.publish({ ...event(0, version), id: `needle-${version}` });
  await bus.close();
  await nats.stop();
  const calls = systemCalls(await readFile(trace, 'utf8'));
  return [1, 2, 3, 4, 5].map((version) => orderOf(calls, version));
};

const fileOf = ({ arguments: shown }: SystemCall): string => /^\d+<([^>]*)>/.exec(shown)?.[1] ?? '';

const orderOf = (calls: readonly SystemCall[], version: number): string => {
  const isWrite = ({ name }: SystemCall): boolean => /write/.test(name);
  const written = calls.find(
    (call) => isWrite(call) && fileOf(call).endsWith('.blk') && call.arguments.includes(`needle-${version}`),
  );
  if (written === undefined) return 'never written';
  // The acknowledgement names the stream and the sequence.
  const answered = calls.find(
    ({ arguments: shown }) => shown.includes('simfleet-events') && shown.includes(`\\"seq\\":${version}`),
  );
  if (answered === undefined) return 'never acknowledged';
  const synced = calls.some(
    (call) =>
      /sync/.test(call.name) &&
      fileOf(call) === fileOf(written) &&
      call.began > written.ended &&
      call.ended < answered.began &&
      call.result === 0,
  );
  return synced ? 'synced, then acknowledged' : 'acknowledged before it was synced';
};
