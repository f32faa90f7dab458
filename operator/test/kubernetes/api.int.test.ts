import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlPlaneMissing, startControlPlane, until } from '@simfleet/testing';
import {
  addFinalizer,
  changesOf,
  hasFinalizer,
  isReason,
  referenceOf,
  removeFinalizer,
} from '../../src/kubernetes/index.ts';
import { configMap, configMaps, open } from './cluster.ts';

const skip = controlPlaneMissing() ?? false;
const fieldManager = 'test';

test('on a real API server', { skip }, async (plane) => {
  const { kubeconfig, api: admin, requests: audited } = await startControlPlane(plane, { audit: true });

  await plane.test(
    'objects are created, read, applied, patched and deleted, and refusals carry their reason',
    async (t) => {
      const { api } = open(t, kubeconfig);
      const created = await api.create(configMaps, configMap('one', { a: '1' }), { fieldManager });
      assert.equal((await api.get(configMaps, created.metadata))?.data?.['a'], '1');
      assert.equal(await api.get(configMaps, { namespace: 'default', name: 'none' }), null);
      await assert.rejects(api.create(configMaps, configMap('one'), { fieldManager }), (e) =>
        isReason(e, 'AlreadyExists'),
      );
      await assert.rejects(api.create(configMaps, configMap('No Name'), { fieldManager }), (e) =>
        isReason(e, 'Invalid'),
      );
      const { apiVersion, kind } = created;
      const applied = { apiVersion, kind, metadata: { name: 'one', namespace: 'default' }, data: { a: '2' } };
      await assert.rejects(api.apply(configMaps, applied, { fieldManager: 'other' }), (e) => isReason(e, 'Conflict'));
      assert.equal((await api.apply(configMaps, applied, { fieldManager: 'other', force: true })).data?.['a'], '2');
      await assert.rejects(
        api.mergePatch(configMaps, created.metadata, { data: { a: '3' } }, { fieldManager, resourceVersion: '1' }),
        (e) => isReason(e, 'Conflict'),
      );
      await assert.rejects(api.delete(configMaps, created.metadata, { uid: 'other' }), (e) => isReason(e, 'Conflict'));
      await api.delete(configMaps, created.metadata);
      await api.delete(configMaps, created.metadata);
      assert.equal(await api.get(configMaps, created.metadata), null);
      await api.create(configMaps, configMap('dry'), { fieldManager, dryRun: true });
      assert.equal(await api.get(configMaps, { namespace: 'default', name: 'dry' }), null);
    },
  );

  await plane.test(
    'a cache holds what its labels select, knows our own writes at once, and tells each version once',
    async (t) => {
      const { api, cache } = open(t, kubeconfig);
      await api.create(configMaps, configMap('before', {}, { team: 'red' }), { fieldManager });
      const red = cache(configMaps, {
        labels: { team: 'red' },
        indexes: { data: ({ data }) => Object.keys(data ?? {}) },
        transform: (object) => ({ ...object, metadata: { ...object.metadata, annotations: {} } }),
      });
      await red.untilSynced();
      assert.deepEqual([red.size, red.synced], [1, true]);
      const told: string[] = [];
      red.onChange(({ object, previous }) =>
        told.push(`${previous?.data?.['a'] ?? '-'} ${object?.data?.['a'] ?? '-'}`),
      );
      await api.create(configMaps, configMap('mine', { a: '1' }, { team: 'red' }), { fieldManager });
      await api.create(configMaps, configMap('blue', { a: '1' }, { team: 'blue' }), { fieldManager });
      const mine = { namespace: 'default', name: 'mine' };
      assert.equal(red.get(mine)?.kind, 'ConfigMap');
      assert.equal('managedFields' in (red.get(mine)?.metadata ?? {}), false);
      await api.mergePatch(configMaps, mine, { data: { a: '2' } }, { fieldManager });
      assert.deepEqual(
        red.byIndex('data', 'a').map(({ data }) => data?.['a']),
        ['2'],
      );
      await admin.patch('/api/v1/namespaces/default/configmaps/mine', { data: { a: '3' } });
      await until('the watch to tell', () => red.get(mine)?.data?.['a'] === '3');
      await admin.patch('/api/v1/namespaces/default/configmaps/mine', { metadata: { labels: { team: 'blue' } } });
      await until('it to be no longer selected', () => red.get(mine) === null);
      assert.deepEqual(told, ['- 1', '1 2', '2 3', '3 -']);
      assert.deepEqual(red.byIndex('data', 'a'), []);
      assert.equal(red.list('default').length, 1);
    },
  );

  await plane.test('a list of several pages is whole', async (t) => {
    const { api, cache } = open(t, kubeconfig);
    const names = Array.from({ length: 1100 }, (_, index) => `page-${index}`);
    await Promise.all(
      names.map((name) => api.create(configMaps, configMap(name, {}, { paged: 'yes' }), { fieldManager })),
    );
    const paged = cache(configMaps, { labels: { paged: 'yes' } });
    await paged.untilSynced();
    assert.equal(paged.size, 1100);
    await until('three pages in the audit', () => {
      const pages = audited().filter(({ verb, uri }) => verb === 'list' && uri.includes('paged%3Dyes'));
      return pages.length === 3 && pages.every(({ uri }) => uri.includes('limit=500'));
    });
  });

  await plane.test(
    'a finalizer holds an object until it is removed, and a change in between is a conflict',
    async (t) => {
      const { api } = open(t, kubeconfig);
      const hold = { finalizer: 'simfleet.dev/test', fieldManager };
      const made = await api.create(configMaps, configMap('held'), { fieldManager });
      const stale = await addFinalizer(api, configMaps, made, hold);
      await api.delete(configMaps, stale.metadata);
      const held = await api.get(configMaps, stale.metadata);
      assert(held !== null && hasFinalizer(held, hold.finalizer) && held.metadata.deletionTimestamp !== undefined);
      await assert.rejects(removeFinalizer(api, configMaps, stale, hold), (e) => isReason(e, 'Conflict'));
      await removeFinalizer(api, configMaps, held, hold);
      assert.equal(await api.get(configMaps, stale.metadata), null);
    },
  );

  await plane.test('a conflict is met again by a round that reads anew', async (t) => {
    const { api, cache, controller } = open(t, kubeconfig);
    const created = await api.create(configMaps, configMap('shared', { n: '0' }), { fieldManager });
    const maps = cache(configMaps);
    const rounds: string[] = [];
    const reconcile = async (key: string): Promise<void> => {
      const object = maps.get(referenceOf(key));
      if (object?.metadata.name !== 'shared' || object.data?.['done'] !== undefined) return;
      const { resourceVersion = '' } = object.metadata;
      rounds.push(object.data?.['n'] ?? '');
      // Another writes between our read and our write, the first time.
      if (rounds.length === 1) await admin.patch('/api/v1/namespaces/default/configmaps/shared', { data: { n: '1' } });
      await api.mergePatch(configMaps, created.metadata, { data: { done: 'yes' } }, { fieldManager, resourceVersion });
    };
    const stopping = new AbortController();
    const running = controller({ name: 'conflict', sources: [changesOf(maps)], reconcile }).run({
      stopping: stopping.signal,
      lost: new AbortController().signal,
    });
    await until('the write to succeed', () => maps.get(created.metadata)?.data?.['done'] === 'yes');
    stopping.abort();
    await running;
    assert.equal(rounds[0], '0');
    assert.equal(rounds.at(-1), '1');
  });

  await plane.test('an Event that repeats is one object whose series counts', async (t) => {
    const { api, events } = open(t, kubeconfig);
    const object = await api.create(configMaps, configMap('eventful'), { fieldManager });
    for (let count = 0; count < 5; count++)
      events.record(object, { type: 'Warning', reason: 'Tested', action: 'Test', note: 'µ'.repeat(2000) });
    events.record(object, { type: 'Normal', reason: 'Other', action: 'Test', note: 'other' });
    const found = await until('both events', async () => {
      const list = (await admin.get('/apis/events.k8s.io/v1/namespaces/default/events')) as {
        items: { reason: string; note: string; regarding: { uid: string } }[];
      };
      const about = list.items.filter(({ regarding }) => regarding.uid === object.metadata.uid);
      return about.length >= 2 && about;
    });
    assert.deepEqual(found.map(({ reason }) => reason).sort(), ['Other', 'Tested']);
    assert(found.every(({ note }) => Buffer.byteLength(note) <= 1024));
  });
});
