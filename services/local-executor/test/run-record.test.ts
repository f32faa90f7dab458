import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import type { Collection } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock, silentLogger } from '@simfleet/testing';
import { runCollection } from '../src/runs/run-document.ts';
import type { RunDocument } from '../src/runs/run-document.ts';
import { openRunRecord } from '../src/runs/run-record.ts';
import { shardStarted } from '../src/runs/shard-events.ts';
import { attemptStarted, obeyed } from '../src/runs/transitions.ts';
import { jobChanged, settle } from './fake-world.ts';

const initial = obeyed(null, jobChanged('a', 1, { shards: 9 }).data, 1, 0);
const maker = { newId: () => 'id', now: () => 0, trace: () => undefined };

const openRecord = async (
  wrap: (collection: Collection<RunDocument>) => Collection<RunDocument> = (same) => same,
  isActive = () => true,
) => {
  const storage = openMemoryStorage();
  const collection = await storage.collection<RunDocument>(runCollection);
  const clock = fakeClock();
  const given = { initial, version: 0, isActive, clock, logger: silentLogger() };
  const record = openRunRecord({ collection: wrap(collection), ...given });
  const start = (shard: number) => {
    const next = attemptStarted(record.current, shard);
    return record.change(next, shardStarted(next, shard, maker));
  };
  return { storage, collection, clock, record, start };
};

/** Fails the first `times` writes. */
const failing =
  (times: number) =>
  (collection: Collection<RunDocument>): Collection<RunDocument> => {
    let left = times;
    const fail = (): void => {
      if (left-- > 0) throw new SimfleetError('storage-full', 'no space');
    };
    return {
      ...collection,
      insert: async (...given) => (fail(), collection.insert(...given)),
      save: async (...given) => (fail(), collection.save(...given)),
    };
  };

test('a change is seen at once and stored later, each event in a write of its own', async () => {
  const { record, start, storage, collection } = await openRecord();
  const written = [record.change(initial), start(0), start(1), start(2)];
  assert.equal(Object.keys(record.current.attempts).length, 3);
  await Promise.all(written);
  const versions = (await storage.outbox.pending(10)).map(({ event }) => event.sourceversion);
  assert.equal(new Set(versions).size, 3);
  assert.deepEqual(versions, [...versions].sort());
  assert.deepEqual((await collection.get('a'))?.doc, record.current);
});

test('changes without an event share a write', async () => {
  const { record, collection } = await openRecord();
  await Promise.all(Array.from({ length: 50 }, (_, seen) => record.change({ ...initial, seen })));
  const stored = await collection.get('a');
  assert.equal(stored?.doc.seen, 49);
  assert.ok((stored?.version ?? 99) <= 2);
});

test('while the disk is full nothing is lost, and everything is written once there is space', async () => {
  const { record, start, storage, clock } = await openRecord(failing(5));
  const written = Promise.all([record.change(initial), start(0), start(1)]);
  await clock.advance(60_000);
  await written;
  assert.equal((await storage.outbox.pending(10)).length, 2);
});

test('after close the waiting changes are given up, and say so', async () => {
  const { record, start, storage } = await openRecord(failing(Infinity));
  const written = start(0);
  await settle();
  record.close();
  await assert.rejects(written, { code: 'storage-full' });
  assert.equal((await storage.outbox.pending(10)).length, 0);
});

test('a removed record is gone, after the changes before it', async () => {
  const { record, start, storage, collection } = await openRecord();
  void start(0);
  await record.remove();
  assert.equal(await collection.get('a'), null);
  assert.equal((await storage.outbox.pending(10)).length, 1);
});

/** The first write arrives, and its answer does not. */
const losingTheAnswer = (collection: Collection<RunDocument>): Collection<RunDocument> => {
  let lost = false;
  const answer = <Value>(value: Value): Value => {
    if (lost) return value;
    lost = true;
    throw new SimfleetError('unavailable', 'the connection broke');
  };
  return {
    ...collection,
    get: (id) => collection.get(id),
    insert: async (...given) => answer(await collection.insert(...given)),
    save: (...given) => collection.save(...given),
  };
};

test('a write whose answer was lost is not made twice, and those behind it follow', async () => {
  const { record, start, storage, clock, collection } = await openRecord(losingTheAnswer);
  const written = Promise.all([start(0), start(1)]);
  await settle();
  await clock.advance(60_000);
  await written;
  assert.equal((await storage.outbox.pending(10)).length, 2);
  assert.deepEqual((await collection.get('a'))?.doc, record.current);
});

test('a last word of the executor before this one is overruled', async () => {
  const { record, start, collection, clock } = await openRecord();
  await record.change(initial);
  await collection.save('a', 1, { ...initial, seen: 99 });
  const written = start(0);
  await settle();
  await clock.advance(60_000);
  await written;
  assert.deepEqual((await collection.get('a'))?.doc, record.current);
});

test('an executor that is no longer the active one writes nothing more', async () => {
  let active = true;
  const { record, start, storage } = await openRecord(undefined, () => active);
  await record.change(initial);
  active = false;
  await assert.rejects(start(0), { code: 'unavailable' });
  assert.equal((await storage.outbox.pending(10)).length, 0);
});
