import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCode } from '@simfleet/contracts';
import type { Collection } from '../collection.ts';
import type { Storage } from '../storage.ts';
import { note, noteEvent, openNotes, pendingEvents, refused, type Note } from './samples.ts';
import type { Durable, OpenAt } from './suite.ts';

/** Runs a check on several stores that were opened on one fresh directory, and closes them whatever happens. */
const withHandles = async (
  durable: Durable,
  count: number,
  check: (handles: readonly Storage[]) => Promise<void>,
): Promise<void> => {
  const { openAt } = (await import(durable.opener)) as { readonly openAt: OpenAt };
  const directory = await durable.makeDirectory();
  const handles = await Promise.all(Array.from({ length: count }, () => openAt(directory)));
  try {
    await check(handles);
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
};

const openAll = (handles: readonly Storage[]): Promise<readonly Collection<Note>[]> =>
  Promise.all(handles.map((handle) => openNotes(handle)));

/** `count` of them, in turn. */
const inTurn = <Item>(items: readonly Item[], count: number): readonly Item[] =>
  Array.from({ length: count }, (_, index) => items[index % items.length]).filter((item) => item !== undefined);

const fulfilled = (results: readonly PromiseSettledResult<unknown>[]): number =>
  results.filter(({ status }) => status === 'fulfilled').length;

export const testShared = (durable: Durable): void => {
  test('stores opened at once on nothing all prepare it, and all declare the same collections', () =>
    withHandles(durable, 4, async (handles) => {
      await Promise.all(handles.map((handle) => handle.check()));
      const notes = await openAll([...handles, ...handles]);
      await notes[0]?.insert('a', note({ title: 'one for all' }));
      for (const each of notes) assert.equal((await each.get('a'))?.doc.title, 'one for all');
    }));

  test('what one store acknowledged every other sees', () =>
    withHandles(durable, 2, async (handles) => {
      const [here, there] = await openAll(handles);
      assert.ok(here && there);
      for (let round = 1; round <= 20; round += 1) {
        await here.insert(`${round}`, note({ weight: round }));
        assert.equal((await there.get(`${round}`))?.doc.weight, round);
        assert.equal(await there.count(), round);
        await handles[0]?.log.append('s', [{ key: `${round}`, data: round }]);
        assert.equal(await handles[1]?.log.last('s'), round);
      }
    }));

  test('64 writers in 3 stores: exactly one wins each version', () =>
    withHandles(durable, 3, async (handles) => {
      const notes = await openAll(handles);
      await notes[0]?.insert('a', note({ weight: 0 }));
      const wins: number[] = [];
      const write = async (mine: Collection<Note>): Promise<void> => {
        for (let round = 0; round < 5; round += 1) {
          const before = await mine.get('a');
          assert.ok(before);
          try {
            wins.push((await mine.save('a', before.version, note({ weight: (before.doc.weight ?? 0) + 1 }))).version);
          } catch (error) {
            assert.equal(errorCode(error), 'version-conflict', String(error));
          }
        }
      };
      await Promise.all(inTurn(notes, 64).map(write));
      assert.deepEqual(
        wins.toSorted((a, b) => a - b),
        Array.from(wins, (_, index) => index + 2),
      );
      const after = await notes[1]?.get('a');
      assert.equal(after?.version, wins.length + 1);
      assert.equal(after.doc.weight, wins.length, 'no update was lost');
    }));

  test('inserts of one id from several stores: exactly one wins, with its event', () =>
    withHandles(durable, 3, async (handles) => {
      const notes = await openAll(handles);
      for (let round = 0; round < 10; round += 1) {
        const id = `${round}`;
        const tries = inTurn(notes, 9).map((mine) => mine.insert(id, note(), [noteEvent(id, id)]));
        assert.equal(fulfilled(await Promise.allSettled(tries)), 1);
      }
      assert.equal(await notes[0]?.count(), 10);
      const [first] = handles;
      assert.ok(first);
      assert.deepEqual(
        (await pendingEvents(first)).toSorted(),
        Array.from({ length: 10 }, (_, round) => `${round}@1`),
      );
    }));

  test('appends from several stores to one stream leave no gap, and each finds its entries where it was told', () =>
    withHandles(durable, 3, async (handles) => {
      const told = await Promise.all(
        inTurn(handles, 24).map(async ({ log }, caller) => {
          const mine: (readonly [position: number, key: string])[] = [];
          for (let round = 0; round < 4; round += 1) {
            const batch = [0, 1, 2].map((each) => ({ key: `${caller}-${round}-${each}`, data: each }));
            const appended = await log.append('s', batch);
            appended.forEach(({ position, duplicate }, index) => {
              assert.equal(duplicate, false);
              mine.push([position, batch[index]?.key ?? '']);
            });
          }
          return mine;
        }),
      );
      for (const { log } of handles) {
        const entries = await log.read('s', 0, 1000);
        assert.deepEqual(
          entries.map(({ position }) => position),
          Array.from({ length: 24 * 4 * 3 }, (_, index) => index + 1),
        );
        const keys = new Map(entries.map(({ position, key }) => [position, key]));
        for (const [position, key] of told.flat()) assert.equal(keys.get(position), key);
      }
    }));

  test('one key appended by several stores is written once; with other data it is refused to all but one', () =>
    withHandles(durable, 3, async (handles) => {
      for (let round = 0; round < 10; round += 1) {
        const stream = `s${round}`;
        const same = await Promise.all(
          inTurn(handles, 9).map(({ log }) => log.append(stream, [{ key: 'same', data: round }])),
        );
        assert.equal(same.flat().filter(({ duplicate }) => !duplicate).length, 1);
        assert.ok(same.flat().every(({ position }) => position === 1));
        const other = inTurn(handles, 9).map(({ log }, data) => log.append(stream, [{ key: 'other', data }]));
        assert.equal(fulfilled(await Promise.allSettled(other)), 1);
        assert.equal(await handles[0]?.log.last(stream), 2);
      }
    }));

  test('events written in one store are marked in another, and their tombstone goes for all', () =>
    withHandles(durable, 2, async (handles) => {
      const [here, there] = handles;
      const [mine, yours] = await openAll(handles);
      assert.ok(here && there && mine && yours);
      await mine.insert('a', note(), [noteEvent('a', 'made')]);
      await mine.delete('a', 1, [noteEvent('a', 'gone')]);
      await refused('already-exists', yours.insert('a', note()));
      const pending = await there.outbox.pending(9);
      assert.deepEqual(
        pending.map(({ event }) => event.id),
        ['made', 'gone'],
      );
      await Promise.all([there.outbox.markPublished(pending), here.outbox.markPublished(await here.outbox.pending(9))]);
      assert.deepEqual(await pendingEvents(here), []);
      assert.equal((await mine.insert('a', note())).version, 1);
    }));
};
