import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTracing } from '@simfleet/runtime';
import type { Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock } from '@simfleet/testing';
import type { FakeClock } from '@simfleet/testing';
import { openClaims } from '../src/claims.ts';
import { jobsCollection } from '../src/jobs/job-document.ts';
import type { JobDocument } from '../src/jobs/job-document.ts';
import { namesCollection, openJobNames } from '../src/jobs/job-names.ts';
import type { JobNames, NameCollection, NameDocument } from '../src/jobs/job-names.ts';
import { openJobStore } from '../src/jobs/job-store.ts';

interface Names {
  readonly storage: Storage;
  readonly clock: FakeClock;
  readonly documents: NameCollection;
  /** The names as a process sees them. */
  process(owner: string): JobNames;
  readonly dead: Set<string>;
}

const openNames = async (collection?: (inner: NameCollection) => NameCollection): Promise<Names> => {
  const storage = openMemoryStorage();
  const clock = fakeClock();
  const store = openJobStore(await storage.collection<JobDocument>(jobsCollection), createTracing());
  const documents = await storage.collection<NameDocument>(namesCollection);
  const dead = new Set<string>();
  const isDead = async (owner: string): Promise<boolean> => dead.has(owner);
  return {
    storage,
    clock,
    documents,
    dead,
    process: (owner) => openJobNames(collection?.(documents) ?? documents, store, openClaims({ clock, owner, isDead })),
  };
};

const claim = (jobId: string) => ({ customer: 'default', name: 'mine', jobId, service: 'a-service' });

test('a name that is taken over while its deleted job gives it back stays reserved', async () => {
  const slow = (inner: NameCollection): NameCollection => ({
    get: (id) => inner.get(id),
    insert: (id, doc) => inner.insert(id, doc),
    async save(id, expected, doc) {
      // Time for whatever else goes on.
      await new Promise((resolve) => setImmediate(resolve));
      return inner.save(id, expected, doc);
    },
    delete: (id, expected) => inner.delete(id, expected),
    query: (query) => inner.query(query),
    count: (filter) => inner.count(filter),
  });
  const { process, documents } = await openNames(slow);
  const names = process('one');
  (await names.reserve(claim('gone'))).end();
  const [taken] = await Promise.all([names.reserve(claim('next')), names.release(claim('gone'))]);
  assert.equal((await documents.get('default/mine'))?.doc.jobId, 'next');
  assert.equal(await names.confirm(claim('next'), taken.token), true);
});

test('a creation under way keeps its name; one that ended without a job loses it at once', async () => {
  const { process } = await openNames();
  const names = process('one');
  const first = await names.reserve(claim('first'));
  await assert.rejects(names.reserve(claim('second')), { code: 'already-exists' });
  first.end();
  const second = await names.reserve(claim('second'));
  assert.equal(await names.confirm(claim('first'), first.token), false);
  assert.equal(await names.confirm(claim('second'), second.token), true);
});

test('the creation of another process keeps its name until that is dead, or for half a minute', async () => {
  const { process, dead, clock } = await openNames();
  await process('one').reserve(claim('first'));
  await assert.rejects(process('two').reserve(claim('second')), { code: 'already-exists' });
  dead.add('one');
  await process('two').reserve(claim('second'));
  await assert.rejects(process('three').reserve(claim('third')), { code: 'already-exists' });
  await clock.advance(30_000);
  await process('three').reserve(claim('third'));
});

test('the same job finds its reservation, in whatever process, and the last of them gives it back', async () => {
  const { process, documents } = await openNames();
  const [one, two] = [process('one'), process('two')];
  const first = await one.reserve(claim('mine'));
  const again = await two.reserve(claim('mine'));
  assert.equal(again.token, first.token);
  await first.giveBack();
  assert.notEqual(await documents.get('default/mine'), null);
  await again.giveBack();
  assert.equal(await documents.get('default/mine'), null);
  assert.equal(await one.confirm(claim('mine'), first.token), false);
});

test('reservations of release 0.1.0 are taken over when they have no job', async () => {
  const { process, documents } = await openNames();
  await documents.insert('default/mine', { customer: 'default', jobId: 'first' });
  const names = process('one');
  assert.equal(await names.confirm(claim('first'), ''), true);
  await names.reserve(claim('second'));
  assert.equal((await documents.get('default/mine'))?.doc.jobId, 'second');
});
