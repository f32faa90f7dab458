import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import type { Collection } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock } from '@simfleet/testing';
import fc from 'fast-check';
import { createIdempotencyStore, idempotencyCollection } from '../src/index.ts';
import type { IdempotencyOptions, IdempotencyRecord } from '../src/index.ts';
import type { ClaimResult } from '../src/idempotency/store.ts';
import { uuid7 } from '../src/idempotency/effect-id.ts';

const response = { status: 201, headers: { etag: '"1"' }, body: '{"id":"job-1"}' };

const setUp = async (given: Partial<IdempotencyOptions> = {}) => {
  const clock = fakeClock();
  const collection = await openMemoryStorage().collection<IdempotencyRecord>(idempotencyCollection);
  /** A process of its own over the same store. */
  const process = (owner: string = randomUUID(), over: Collection<IdempotencyRecord> = collection) =>
    createIdempotencyStore({ collection: over, clock, owner, isAlive: async () => true, ...given });
  return { clock, collection, process };
};

/** The store goes away after the claim. */
const unsaving = (collection: Collection<IdempotencyRecord>): Collection<IdempotencyRecord> =>
  Object.assign(Object.create(collection) as Collection<IdempotencyRecord>, {
    get: (id: string) => collection.get(id),
    insert: (id: string, record: IdempotencyRecord) => collection.insert(id, record),
    save: () => Promise.reject(new SimfleetError('unavailable', 'the store is away')),
  });

const claimOf = (result: ClaimResult) => (result.kind === 'claimed' ? result.claim : assert.fail('was replayed'));

test('the first request runs, and its repetition gets the same answer', async () => {
  const { process } = await setUp();
  const store = process();
  await claimOf(await store.claim('me', 'key', 'print')).complete(response);
  assert.deepEqual(await store.claim('me', 'key', 'print'), { kind: 'replay', response });
  assert.deepEqual(await process().claim('me', 'key', 'print'), { kind: 'replay', response });
});

test('a repetition while the first one runs is told to wait', async () => {
  const { process } = await setUp();
  await process().claim('me', 'key', 'print');
  await assert.rejects(process().claim('me', 'key', 'print'), { code: 'idempotency-in-progress' });
});

test('of many at the same time exactly one runs', async () => {
  const { process } = await setUp();
  const stores = [process(), process()];
  const results = await Promise.allSettled(
    Array.from({ length: 64 }, (_, index) => (stores[index % 2] ?? process()).claim('me', 'key', 'print')),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const result of results) {
    if (result.status === 'rejected') assert.equal((result.reason as { code: string }).code, 'idempotency-in-progress');
  }
});

test('the key of another request is a conflict, running or done', async () => {
  const { process } = await setUp();
  const claim = claimOf(await process().claim('me', 'key', 'print'));
  await assert.rejects(process().claim('me', 'key', 'other'), { code: 'idempotency-conflict' });
  await claim.complete(response);
  await assert.rejects(process().claim('me', 'key', 'other'), { code: 'idempotency-conflict' });
});

test('the same key of another principal is another request', async () => {
  const { process } = await setUp();
  const mine = claimOf(await process().claim('me', 'key', 'print'));
  const yours = claimOf(await process().claim('you', 'key', 'print'));
  assert.notEqual(mine.effectId, yours.effectId);
});

test('after a death a repetition takes over when the lease has run out, with the same effect id', async () => {
  const { clock, process } = await setUp({ leaseMs: 30_000 });
  const dead = claimOf(await process().claim('me', 'key', 'print'));
  await clock.advance(29_999);
  await assert.rejects(process().claim('me', 'key', 'print'), { code: 'idempotency-in-progress' });
  await clock.advance(1);
  assert.equal(claimOf(await process().claim('me', 'key', 'print')).effectId, dead.effectId);
});

test('a repetition takes over at once from a process that is dead, with the same effect id, and not from one that lives', async () => {
  const alive = new Set(['one', 'two']);
  const { process } = await setUp({ isAlive: async (owner) => alive.has(owner) });
  const dead = claimOf(await process('one').claim('me', 'key', 'print'));
  const store = process('two');
  await assert.rejects(store.claim('me', 'key', 'print'), { code: 'idempotency-in-progress' });
  alive.delete('one');
  assert.equal(claimOf(await store.claim('me', 'key', 'print')).effectId, dead.effectId);
  await assert.rejects(store.claim('me', 'key', 'print'), { code: 'idempotency-in-progress' });
});

test('a claim that could not be given back is taken up by its own process at once, and by another one when the lease has run out', async () => {
  const { clock, collection, process } = await setUp();
  const store = process('one', unsaving(collection));
  const claim = claimOf(await store.claim('me', 'key', 'print'));
  await assert.rejects(store.claim('me', 'key', 'print'), { code: 'idempotency-in-progress' });
  await assert.rejects(claim.release(), { code: 'unavailable' });
  await assert.rejects(process('two').claim('me', 'key', 'print'), { code: 'idempotency-in-progress' });
  // It tries: the store is still away.
  await assert.rejects(store.claim('me', 'key', 'print'), { code: 'unavailable' });
  await clock.advance(30_000);
  assert.equal(claimOf(await process('two').claim('me', 'key', 'print')).effectId, claim.effectId);
});

test('a request that was overtaken does not overwrite the answer of its successor', async () => {
  const { clock, process } = await setUp({ leaseMs: 1_000 });
  const late = claimOf(await process().claim('me', 'key', 'print'));
  await clock.advance(1_000);
  const successor = claimOf(await process().claim('me', 'key', 'print'));
  await late.complete({ ...response, body: 'late' });
  await late.release();
  await successor.complete(response);
  assert.deepEqual(await process().claim('me', 'key', 'print'), { kind: 'replay', response });
});

test('a claim that was given back may run again at once, with the same effect id', async () => {
  const { clock, process } = await setUp();
  const first = claimOf(await process().claim('me', 'key', 'print'));
  await clock.advance(10);
  await first.release();
  await assert.rejects(process().claim('me', 'key', 'other'), { code: 'idempotency-conflict' });
  assert.equal(claimOf(await process().claim('me', 'key', 'print')).effectId, first.effectId);
});

test('after 24 hours the key is new, and a sweep removes what has expired and nothing else', async () => {
  const { clock, collection, process } = await setUp();
  const store = process();
  const first = claimOf(await store.claim('me', 'key', 'print'));
  await first.complete(response);
  await clock.advance(24 * 3_600_000 - 1);
  await store.claim('me', 'later', 'print');
  assert.equal(await store.sweep(), 0);
  assert.equal((await store.claim('me', 'key', 'print')).kind, 'replay');
  await clock.advance(1);
  const again = claimOf(await store.claim('me', 'key', 'other'));
  assert.notEqual(again.effectId, first.effectId);
  await clock.advance(24 * 3_600_000 - 1);
  assert.equal(await store.sweep(), 1);
  assert.equal(await collection.count(), 1);
});

test('a sweep of more records than one round takes removes them all', async () => {
  const { clock, collection, process } = await setUp();
  const store = process();
  for (let index = 0; index < 450; index++) await store.claim('me', `key ${index}`, 'print');
  await clock.advance(24 * 3_600_000);
  assert.equal(await store.sweep(), 450);
  assert.equal(await collection.count(), 0);
});

test('effect ids are UUIDs of version 7 and sort by time', () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((array) => Buffer.from(array));
  const ms = fc.integer({ min: 0, max: 2 ** 48 - 1 });
  fc.assert(
    fc.property(ms, bytes, ms, bytes, (one, oneBytes, other, otherBytes) => {
      const id = uuid7(one, oneBytes);
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      if (one < other) assert.ok(id < uuid7(other, otherBytes));
    }),
  );
});
