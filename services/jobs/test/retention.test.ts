import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import type { LiveEvent } from '@simfleet/contracts';
import { openMemoryBus } from '@simfleet/bus/memory';
import type { Collection } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock, silentLogger } from '@simfleet/testing';
import fc from 'fast-check';
import { auditStream } from '../src/audit/audit.ts';
import type { DeleteJob } from '../src/jobs/delete-job.ts';
import { jobsCollection } from '../src/jobs/job-document.ts';
import type { JobDocument } from '../src/jobs/job-document.ts';
import { openLiveLog } from '../src/live/live-log.ts';
import { removeOldJobs, removeSurplusJobs } from '../src/retention/remove-jobs.ts';
import { dayMs } from '../src/retention/round.ts';
import type { Round } from '../src/retention/round.ts';
import { trimLongAudit, trimOldAudit } from '../src/retention/trim-audit.ts';
import { trimLongLive, trimMarksCollection, trimOldLive } from '../src/retention/trim-live.ts';
import type { TrimMark } from '../src/retention/trim-live.ts';

const now = Date.UTC(2026, 10, 22);

/** A round that ends itself after so many batches. */
const roundOf = (batches = Infinity): Round & { readonly removed: () => number } => {
  let removed = 0;
  let left = batches;
  return {
    now,
    ended: () => left <= 0,
    async breathe(more) {
      removed += more;
      left -= 1;
      await Promise.resolve();
    },
    removed: () => removed,
  };
};

/** What retention looks at of a job. */
const jobOf = (customer: string, finishedAt: number | null): JobDocument =>
  ({ customer, name: 'x', state: finishedAt === null ? 'Running' : 'Succeeded', finishedAt }) as unknown as JobDocument;

const idOf = (index: number): string => `job-${String(index).padStart(4, '0')}`;

const storeOf = async (jobs: readonly JobDocument[]) => {
  const storage = openMemoryStorage();
  const collection = await storage.collection<JobDocument>(jobsCollection);
  await Promise.all(jobs.map((job, index) => collection.insert(idOf(index), job)));
  const deleteJob: Pick<DeleteJob, 'delete'> = {
    async delete(id, _principal, check) {
      const job = await collection.get(id);
      if (job === null) throw new SimfleetError('not-found', id);
      check?.(job.version);
      if (job.doc.finishedAt === null) throw new SimfleetError('job-not-over', id);
      await collection.delete(id, job.version);
    },
  };
  return { storage, jobs: collection, deleteJob };
};

const left = async (jobs: Collection<JobDocument>): Promise<readonly string[]> =>
  (await jobs.query({ sort: { field: 'createdAt', direction: 'ascending' }, limit: 1000 })).rows.map(({ id }) => id);

const anyEnds = fc.array(fc.tuple(fc.constantFrom('acme', 'other'), fc.option(fc.integer({ min: 0, max: 20 }))), {
  maxLength: 40,
});

test('a customer keeps the newest of its jobs that are over, whoever sweeps, together or one after the other', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyEnds,
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 3 }),
      async (ends, kept, sweepers) => {
        const store = await storeOf(ends.map(([customer, end]) => jobOf(customer, end)));
        const over = ends
          .map(([customer, end], index) => ({ customer, end, id: idOf(index) }))
          .filter(({ customer, end }) => customer === 'acme' && end !== null);
        const goes = new Set(
          over
            .sort((a, b) => (b.end ?? 0) - (a.end ?? 0) || (a.id < b.id ? 1 : -1))
            .slice(kept)
            .map(({ id }) => id),
        );
        const rounds = Array.from({ length: sweepers }, () => roundOf());
        await Promise.all(rounds.map((round) => removeSurplusJobs(store, 'acme', kept, round)));
        assert.deepEqual(
          await left(store.jobs),
          ends.map((_, index) => idOf(index)).filter((id) => !goes.has(id)),
        );
        const removed = rounds.reduce((sum, round) => sum + round.removed(), 0);
        assert.equal(removed, goes.size);
      },
    ),
    { numRuns: 60 },
  );
});

test('jobs go by age, in batches; a round that was cut off is taken up by the next', async () => {
  const store = await storeOf(Array.from({ length: 250 }, (_, index) => jobOf('acme', now - index * dayMs)));
  await removeOldJobs(store, 10, roundOf(1));
  assert.equal((await left(store.jobs)).length, 150);
  const round = roundOf();
  await removeOldJobs(store, 10, round);
  assert.deepEqual(
    [await left(store.jobs), round.removed()],
    [Array.from({ length: 11 }, (_, index) => idOf(index)), 139],
  );
});

test('more jobs are kept than an offset reaches', async () => {
  const store = await storeOf(Array.from({ length: 10_600 }, (_, index) => jobOf('acme', index)));
  const round = roundOf();
  await removeSurplusJobs(store, 'acme', 10_555, round);
  assert.equal(round.removed(), 45);
  assert.equal(await store.jobs.get(idOf(44)), null);
  assert.notEqual(await store.jobs.get(idOf(45)), null);
});

test('a job that was extended between look and deletion stays', async () => {
  const store = await storeOf([jobOf('acme', 0)]);
  const deleteJob: Pick<DeleteJob, 'delete'> = {
    async delete(id, principal, check) {
      // Extended, and over again.
      await store.jobs.save(id, 1, jobOf('acme', now));
      await store.deleteJob.delete(id, principal, check);
    },
  };
  const round = roundOf();
  await removeOldJobs({ jobs: store.jobs, deleteJob }, 1, round);
  assert.deepEqual([await left(store.jobs), round.removed()], [[idOf(0)], 0]);
});

const withHistory = async (ends: readonly number[], events: number) => {
  const store = await storeOf(ends.map((end) => jobOf('acme', end)));
  const live = openLiveLog({
    log: store.storage.log,
    bus: openMemoryBus(),
    clock: fakeClock(now),
    logger: silentLogger(),
  });
  for (const index of ends.keys()) {
    const entries = Array.from({ length: events }, (_, number) => ({
      key: number === events - 1 ? 'result:1' : `state:${number}`,
      event: { type: 'state' } as unknown as LiveEvent,
    }));
    live.push(idOf(index), entries);
    await live.settled(idOf(index));
  }
  const marks = await store.storage.collection<TrimMark>(trimMarksCollection);
  const looks: string[] = [];
  const trim = (id: string, kept: number): Promise<number> => {
    looks.push(id);
    return live.trim(id, kept);
  };
  const positions = async (index: number): Promise<readonly number[]> =>
    (await live.read(idOf(index), 0, 100)).map(({ position }) => position);
  return { parts: { jobs: store.jobs, live: { trim }, marks }, live, looks, positions };
};

test('the history of a job that was extended and goes on is left alone', async () => {
  const { live, positions } = await withHistory([now - 10 * dayMs], 5);
  live.push(idOf(0), [{ key: 'state:9', event: { type: 'state', time: 'later' } as unknown as LiveEvent }]);
  await live.settled(idOf(0));
  assert.equal(await live.trim(idOf(0), 1), 0);
  assert.deepEqual(await positions(0), [1, 2, 3, 4, 5, 6]);
});

test('the history of an old job is cut down to its result, which keeps its id', async () => {
  const { parts, live, positions } = await withHistory([now - 3 * dayMs, now - dayMs], 5);
  await trimOldLive(parts, 2, roundOf());
  assert.deepEqual([await positions(0), await positions(1)], [[5], [1, 2, 3, 4, 5]]);
  assert.deepEqual([await live.lastKey(idOf(0)), await live.last(idOf(0))], ['result:1', 5]);
});

test('the history of a job that is over is cut to its newest events, once a job, and again when fewer are kept', async () => {
  const { parts, looks, positions } = await withHistory([now - dayMs, now - dayMs / 2, now - 1], 5);
  await trimLongLive(parts, 3, roundOf());
  assert.deepEqual(
    [await positions(0), await positions(1)],
    [
      [3, 4, 5],
      [3, 4, 5],
    ],
  );
  assert.deepEqual(await positions(2), [1, 2, 3, 4, 5], 'it may not be complete yet');
  looks.length = 0;
  await trimLongLive(parts, 3, roundOf());
  assert.deepEqual(looks, [idOf(1)], 'the last one is looked at again, no earlier one');
  await trimLongLive(parts, 2, roundOf());
  assert.deepEqual(await positions(0), [4, 5]);
});

const audited = async (days: readonly number[]) => {
  const { log } = openMemoryStorage();
  const entries = days.map((day, index) => ({
    key: String(index),
    data: { time: new Date(now - day * dayMs).toISOString() },
  }));
  await log.append(auditStream('acme'), entries);
  const positions = async (): Promise<readonly number[]> =>
    (await log.read(auditStream('acme'), 0, 1000)).map(({ position }) => position);
  return { log, positions };
};

test('audit entries go by age and by count, oldest first', async () => {
  const aged = await audited([9, 8, 3, 2, 1]);
  await trimOldAudit(aged.log, 'acme', 3, roundOf());
  assert.deepEqual(await aged.positions(), [3, 4, 5]);
  await trimLongAudit(aged.log, 'acme', 2, roundOf());
  assert.deepEqual(await aged.positions(), [4, 5]);
  const round = roundOf();
  await trimLongAudit(aged.log, 'acme', 2, round);
  await trimOldAudit(aged.log, 'acme', 3, round);
  assert.deepEqual([await aged.positions(), round.removed()], [[4, 5], 0]);
  const many = await audited(Array.from({ length: 1200 }, (_, index) => 1300 - index));
  await trimOldAudit(many.log, 'acme', 200, roundOf());
  assert.equal((await many.positions()).length, 100);
});
