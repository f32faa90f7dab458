import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { customerMap } from '../../src/intake/customers.ts';
import { apiJobId, apiResource, revertPatch } from '../../src/intake/api-resource.ts';
import { labelsFor } from '../../src/intake/resource-labels.ts';
import { specPatch } from '../../src/intake/spec-patch.ts';
import type { Namespace } from '../../src/resources/core.ts';
import { isSettled } from '../../src/reconcile/settled.ts';
import { timeLeftMs } from '../../src/reconcile/time-to-live.ts';
import { childOf, ended, jobOf, now, resourceOf, secondsAgo, specOf } from '../support/builders.ts';

const namespace = (name: string, customer: string | null, age: number): Namespace => ({
  ...{ apiVersion: 'v1', kind: 'Namespace' },
  metadata: {
    ...{ name, creationTimestamp: secondsAgo(age) },
    ...(customer === null ? {} : { labels: { 'simfleet.dev/customer': customer } }),
  },
});

test('the oldest namespace of a customer has it, by name where they are of one age', () => {
  const all = [namespace('b', 'acme', 10), namespace('c', 'acme', 20), namespace('a', 'acme', 10)];
  const map = customerMap((customer) => (customer === 'acme' ? all : []));
  assert.deepEqual(map.claim(all[1]!), { customer: 'acme' });
  const late = map.claim(all[0]!);
  assert.ok('reason' in late && late.reason === 'NamespaceConflict' && late.message.includes('namespace c'));
  assert.equal(map.namespaceOf('acme'), 'c');
  assert.equal(map.namespaceOf('other'), null);
  const none = map.claim(namespace('d', null, 1));
  assert.ok('reason' in none && none.reason === 'NoCustomer');
  const same = customerMap(() => [all[0]!, all[2]!]);
  assert.equal(same.namespaceOf('acme'), 'a');
});

const merged = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete (base as Record<string, unknown>)[key];
    else (base as Record<string, unknown>)[key] = merged((base as Record<string, unknown>)[key], value);
  }
  return base;
};

test('a spec patch makes one spec of the other, and is none where they are the same', () => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer()));
  const plain = (value: fc.Arbitrary<unknown>) =>
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value, { noNullPrototype: true });
  const spec = plain(fc.oneof(leaf, plain(fc.oneof(leaf, plain(leaf)))));
  fc.assert(
    fc.property(spec, spec, (from, to) => {
      const patch = specPatch(from, to);
      assert.deepEqual(patch === null ? from : merged(from, patch), to);
      assert.equal(specPatch(to, to), null);
    }),
  );
});

test('a job of the API and its resource say the same', () => {
  const job = jobOf({ origin: 'api', resource: null, labels: { team: 'rates' } });
  const resource = apiResource(job, 'acme');
  assert.equal(apiJobId(resource), 'job-1');
  assert.equal(apiJobId(resourceOf()), null);
  assert.equal(revertPatch(resource, job), null);
  assert.deepEqual(labelsFor(resource), { team: 'rates' });
  const edited = { ...resource, spec: specOf({ shards: 9, maxTotalSeconds: 5 }) };
  assert.deepEqual(revertPatch(edited, job), { spec: { maxTotalSeconds: null, shards: 2 } });
});

const finished = (members = {}) =>
  resourceOf({ status: { state: 'Succeeded', observedGeneration: 1, completionTime: secondsAgo(10), ...members } });

test('a resource is at rest when its status tells the end of the job as the spec now is', () => {
  const job = jobOf();
  assert.equal(isSettled(finished(), []), true);
  assert.equal(isSettled(finished(), [childOf(job, ended('Complete', 1))]), true);
  assert.equal(isSettled(finished(), [childOf(job)]), false);
  assert.equal(isSettled(finished({ observedGeneration: 0 }), []), false);
  assert.equal(isSettled(finished({ state: 'Running' }), []), false);
  assert.equal(isSettled(resourceOf(), []), false);
});

test('the time to live counts from the end, for what was born as a resource', () => {
  const brief = { ...finished(), spec: specOf({ ttlSecondsAfterFinished: 25 }) };
  assert.equal(timeLeftMs(brief, false, now), 15_000);
  assert.equal(timeLeftMs(brief, false, now + 60_000), 0);
  assert.equal(timeLeftMs(brief, true, now), null);
  assert.equal(timeLeftMs(finished(), false, now), null);
});
