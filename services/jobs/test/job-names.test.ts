import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { jobsCollection } from '../src/jobs/job-document.ts';
import type { JobDocument } from '../src/jobs/job-document.ts';
import { namesCollection, openJobNames } from '../src/jobs/job-names.ts';
import type { NameCollection } from '../src/jobs/job-names.ts';
import { openJobStore } from '../src/jobs/job-store.ts';
import { openKeyedLock } from '../src/keyed-lock.ts';

test('a name that is taken over while its deleted job gives it back stays reserved', async () => {
  const storage = openMemoryStorage();
  const store = openJobStore(await storage.collection<JobDocument>(jobsCollection));
  const inner: NameCollection = await storage.collection(namesCollection);
  const slow: NameCollection = {
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
  };
  const names = openJobNames(slow, store, openKeyedLock());
  const claim = (jobId: string) => ({ customer: 'default', name: 'mine', jobId });
  await names.reserved(claim('gone'), async () => undefined);
  const [taken] = await Promise.all([
    names.reserved(claim('next'), async () => 'created'),
    names.release(claim('gone')),
  ]);
  assert.equal(taken, 'created');
  assert.equal((await inner.get('default/mine'))?.doc.jobId, 'next');
  await storage.close();
});
