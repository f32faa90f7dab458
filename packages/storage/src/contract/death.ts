import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import type { Storage } from '../storage.ts';
import { startChild } from './crash/child.ts';
import { openTally, relayInto } from './crash/tally.ts';
import { note, noteEvent, openNotes, pendingEvents } from './samples.ts';
import { reopened, type Durable } from './suite.ts';

/** Acknowledgements after which the writing child is killed; SIMFLEET_CHAOS runs all of them. */
const moments = process.env['SIMFLEET_CHAOS'] === '1' ? [1, 2, 3, 5, 8, 13, 40, 100, 250, 700, 1500, 4000] : [3, 200];

export const testDeath = (durable: Durable): void => {
  test('what was written is there after closing and opening again, and numbering goes on', async () => {
    const directory = await durable.makeDirectory();
    await reopened(durable, directory, async (storage) => {
      const notes = await openNotes(storage);
      await notes.insert('a', note({ title: 'kept' }), [noteEvent('a', 'waiting')]);
      await storage.log.append('s', [
        { key: 'x', data: 1 },
        { key: 'y', data: 2 },
      ]);
      await storage.log.trim('s', 2);
    });
    await reopened(durable, directory, async (storage) => {
      const notes = await openNotes(storage);
      assert.deepEqual(await notes.get('a'), { id: 'a', version: 1, doc: note({ title: 'kept' }) });
      assert.deepEqual(await pendingEvents(storage), ['waiting@1']);
      assert.deepEqual(await storage.log.append('s', [{ key: 'x', data: 3 }]), [{ position: 3, duplicate: false }]);
    });
  });

  for (const moment of moments) {
    test(`killed after ${moment} acknowledgements, it has every acknowledged write and no half one`, async () => {
      const directory = await durable.makeDirectory();
      const child = startChild('write', durable.opener, directory);
      const acknowledged: string[] = [];
      for await (const line of child.lines) {
        acknowledged.push(line);
        if (acknowledged.length === moment) child.kill();
      }
      assert.ok(acknowledged.length >= moment, `it ended by itself after ${acknowledged.length} acknowledgements`);
      await reopened(durable, directory, (storage) => checkWritten(storage, acknowledged));
    });
  }

  for (const scenario of ['die-before-publish', 'die-after-effect'] as const) {
    test(`death between write and publish (${scenario}): the event still goes out, its effect happens once`, async () => {
      const directory = await durable.makeDirectory();
      const child = startChild(scenario, durable.opener, directory);
      for await (const line of child.lines) if (line === 'now') child.kill();
      await reopened(durable, directory, async (storage) => {
        assert.deepEqual(await pendingEvents(storage), ['made@1'], 'the event survived');
        const tally = await openTally(storage);
        const relay = await relayInto(storage, tally);
        while ((await pendingEvents(storage)).length > 0) await sleep(1);
        await relay.stop();
        assert.equal(await tally.total(), 1);
        assert.equal((await (await openNotes(storage)).get('a'))?.version, 1, 'publishing changes no version');
      });
    });
  }
};

/** Lines of the child: `log <position> <key>` and `doc <id> <version>`. */
const checkWritten = async (storage: Storage, acknowledged: readonly string[]): Promise<void> => {
  const entries = await storage.log.read('s', 0, 1_000_000);
  entries.forEach(({ position }, index) => assert.equal(position, index + 1, 'no gap'));
  assert.equal(entries.length % 3, 0, 'calls of three entries are written whole or not at all');
  assert.equal(await storage.log.last('s'), entries.length);
  const notes = await openNotes(storage);
  const versions = new Map<string, number>();
  for (const line of acknowledged) {
    const [kind = '', first = '', second = ''] = line.split(' ');
    if (kind === 'log') assert.equal(entries[Number(first) - 1]?.key, second, line);
    else versions.set(first, Math.max(Number(second), versions.get(first) ?? 0));
  }
  const events = new Set(await pendingEvents(storage));
  for (const [id, version] of versions) {
    const stored = await notes.get(id);
    assert.ok(
      stored !== null && stored.version >= version,
      `${id} is at ${String(stored?.version)}, ${version} was acknowledged`,
    );
    assert.equal(stored.doc.weight, stored.version);
    for (let each = 1; each <= stored.version; each += 1)
      assert.ok(events.has(`${id}-${each}@${each}`), 'its event is there');
    assert.ok(!events.has(`${id}-${stored.version + 1}@${stored.version + 1}`), 'no event without its change');
  }
};
