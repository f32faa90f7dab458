import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeadLetter } from '@simfleet/bus';
import { natsServer, startNats, until } from '@simfleet/testing';
import { assertOrderly, event, kill, makeCrew, publishAll } from './crew.ts';
import { openBus } from '../open-bus.ts';

const binary = natsServer();
const skip = 'missing' in binary ? binary.missing : false;
const rounds = process.env['SIMFLEET_CHAOS'] === undefined ? 2 : 20;
/** From the death of the one that works to the next event handled. */
const takeOverMs = 5000;

describe('instances of one name in several processes', { skip }, () => {
  test('when the one that works is killed, another goes on within 5 s, and every source keeps its order', async (t) => {
    const nats = await startNats(t);
    const bus = await openBus(t, { url: nats.url, namespace: 'kills' });
    const crew = makeCrew(t, nats.url, 'kills');
    for (const label of ['a', 'b']) await crew.start(label, 3);
    const [sources, versions] = [20, 40 * rounds];
    const publishing = publishAll(bus.publish, sources, versions, 60);
    for (let round = 0; round < rounds; round += 1) {
      const before = crew.record.begins;
      await until('some work', () => crew.record.begins > before + 100);
      const dying = crew.record.last;
      assert.ok(dying);
      await kill(dying);
      const [killed, seen] = [performance.now(), crew.record.begins];
      await Promise.all([until('the take-over', () => crew.record.begins > seen), crew.start(`round ${round}`, 3)]);
      const late = crew.record.lastAt - killed;
      t.diagnostic(`killed ${dying.label}; the next began ${Math.round(performance.now() - killed)} ms later at most`);
      assert.ok(late < takeOverMs, `${late} ms`);
    }
    await publishing;
    await assertOrderly(crew.record, sources * versions);
    assert.deepEqual(await bus.deadLetters({ limit: 10 }), []);
    t.diagnostic(`${sources * versions} events, ${crew.record.repeats} repeated`);
  });

  test('one that is stopped loses its work to another, and begins nothing when it goes on', async (t) => {
    const nats = await startNats(t);
    const bus = await openBus(t, { url: nats.url, namespace: 'stops' });
    const crew = makeCrew(t, nats.url, 'stops');
    for (const label of ['a', 'b']) await crew.start(label, 3);
    const [sources, versions] = [20, 60 * rounds];
    const publishing = publishAll(bus.publish, sources, versions, 100);
    for (let round = 0; round < rounds; round += 1) {
      const before = crew.record.begins;
      await until('some work', () => crew.record.begins > before + 50);
      const stopped = crew.record.last;
      assert.ok(stopped);
      stopped.process.kill('SIGSTOP');
      const at = performance.now();
      await until('the take-over', () => crew.record.last !== stopped);
      assert.ok(performance.now() - at < takeOverMs);
      const [begun, others] = [crew.record.begunBy.get(stopped.label), crew.record.begins];
      stopped.process.kill('SIGCONT');
      await until('the other to go on', () => crew.record.begins > others + 100);
      assert.equal(crew.record.begunBy.get(stopped.label), begun, 'began nothing after it went on');
    }
    await publishing;
    await assertOrderly(crew.record, sources * versions);
    assert.deepEqual(await bus.deadLetters({ limit: 10 }), []);
    t.diagnostic(`${sources * versions} events, ${crew.record.repeats} repeated`);
  });

  test('what was handled and not acknowledged is handled again, before anything later of its source', async (t) => {
    const nats = await startNats(t);
    const bus = await openBus(t, { url: nats.url, namespace: 'between' });
    const crew = makeCrew(t, nats.url, 'between');
    await crew.start('dies', 0, '/jobs/0', '3');
    await crew.start('takes over');
    for (let version = 1; version <= 6; version += 1) await bus.publish(event(0, version));
    await assertOrderly(crew.record, 6);
    assert.equal(crew.record.repeats, 1);
  });

  test('an event that kills every process that handles it is parked in the end, and nothing else is', async (t) => {
    const nats = await startNats(t);
    const bus = await openBus(t, { url: nats.url, namespace: 'poison' });
    const crew = makeCrew(t, nats.url, 'poison');
    for (const source of [1, 0, 2]) for (const version of [1, 2]) await bus.publish(event(source, version));
    const parked = async (): Promise<readonly DeadLetter[]> => bus.deadLetters({ limit: 10 });
    for (let deaths = 0; deaths < 8 && (await parked()).length === 0; deaths += 1) {
      // It reaches the end of its handler before the process dies; what it did there is done.
      const { process: child } = await crew.start(`worker ${deaths}`, 0, '/jobs/0', '1');
      await until('a death or a letter', async () => child.signalCode !== null || (await parked()).length > 0);
    }
    const [letter, ...others] = await parked();
    assert.deepEqual([letter?.event, others], [event(0, 1), []]);
    assert.match(letter?.reason ?? '', /ended 2 times while it was handled alone/);
    await assertOrderly(crew.record, 6);
    t.diagnostic(`parked: ${letter?.reason}`);
  });
});
