import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '@simfleet/runtime';
import { controlPlaneMissing, fakeClock, startControlPlane, until } from '@simfleet/testing';
import { isReason } from '../../src/kubernetes/index.ts';
import { configMap, configMaps, open } from './cluster.ts';
import { startFaultyProxy } from './faulty-proxy.ts';
import type { FaultyProxy } from './faulty-proxy.ts';

const skip = controlPlaneMissing() ?? false;
const fieldManager = 'test';
const isWatch = (_: string, url: string): boolean => url.includes('watch=true');
const isWrite = (method: string): boolean => method === 'POST';
const expired = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason: 'Expired',
  message: 'planted',
  code: 410,
};

test('between us and a real API server', { skip }, async (whole) => {
  const plane = await startControlPlane(whole);
  let names = 0;
  /** Makes an object past the proxy and waits until the cache has it. */
  const make = async (): Promise<{ readonly namespace: string; readonly name: string }> => {
    const name = `object-${++names}`;
    await plane.api.create('/api/v1/namespaces/default/configmaps', configMap(name));
    return { namespace: 'default', name };
  };
  const lists = ({ requests }: FaultyProxy): number => requests.filter((one) => one.includes('limit=')).length;

  await whole.test(
    'a watch over connections that die silently, for an hour and more, misses nothing and lists once',
    async (t) => {
      const proxy = await startFaultyProxy(t, plane);
      const clock = fakeClock();
      const metrics = createMetrics();
      const maps = open(t, proxy.kubeconfig, { clock, metrics }).cache(configMaps);
      await maps.untilSynced();
      await until('the watch', () => proxy.watches === 1);
      for (let round = 0; round < 39; round++) {
        proxy.deafen();
        const unheard = await make();
        await clock.advance(99_000);
        assert.equal(maps.get(unheard), null);
        await clock.advance(2000);
        await until('the object of the silence', () => maps.get(unheard) !== null);
        assert.equal(proxy.watches, 1);
      }
      assert.equal(lists(proxy), 1);
      assert.match(await metrics.metrics(), /watch_restarts_total\{resource="configmaps",reason="silent"\} 39/);
    },
  );

  await whole.test('a connection that is reset is taken up from where it was', async (t) => {
    const proxy = await startFaultyProxy(t, plane);
    const maps = open(t, proxy.kubeconfig).cache(configMaps);
    await maps.untilSynced();
    for (let count = 0; count < 3; count++) {
      await until('the watch', () => proxy.watches === 1);
      proxy.cut();
      const made = await make();
      await until('the object', () => maps.get(made) !== null);
    }
    assert.equal(lists(proxy), 1);
  });

  await whole.test('a watch that the server ends is taken up from where it was', async (t) => {
    const proxy = await startFaultyProxy(t, plane);
    const maps = open(t, proxy.kubeconfig).cache(configMaps);
    await maps.untilSynced();
    await until('the watch', () => proxy.watches === 1);
    proxy.endWatches();
    const made = await make();
    await until('the object', () => maps.get(made) !== null);
    assert.equal(lists(proxy), 1);
  });

  const gone = [
    { how: 'as an answer', status: 410, body: expired },
    { how: 'as an event', status: 200, body: `${JSON.stringify({ type: 'ERROR', object: expired })}\n` },
  ];
  for (const { how, status, body } of gone)
    await whole.test(`410 Gone ${how} leads to a list that finds what was deleted and made meanwhile`, async (t) => {
      const proxy = await startFaultyProxy(t, plane);
      const maps = open(t, proxy.kubeconfig).cache(configMaps);
      const old = await make();
      await until('the object', () => maps.get(old) !== null);
      const told: string[] = [];
      maps.onChange(({ object, previous }) => told.push(`${previous?.metadata.name} ${object?.metadata.name}`));
      await until('the watch', () => proxy.watches === 1);
      proxy.plant({ matches: isWatch, status, body });
      proxy.cut();
      await plane.api.remove(`/api/v1/namespaces/default/configmaps/${old.name}`);
      const made = await make();
      await until('the list', () => maps.get(made) !== null && maps.get(old) === null);
      assert.equal(lists(proxy), 2);
      assert.deepEqual(told.sort(), [`${old.name} undefined`, `undefined ${made.name}`].sort());
    });

  await whole.test('429 is tried again after the time that the server asks for, writes too', async (t) => {
    const proxy = await startFaultyProxy(t, plane);
    const { api } = open(t, proxy.kubeconfig);
    proxy.plant({
      matches: isWrite,
      status: 429,
      body: 'Too many requests',
      headers: { 'retry-after': '1' },
      times: 2,
    });
    const begun = performance.now();
    await api.create(configMaps, configMap('throttled'), { fieldManager });
    assert(performance.now() - begun >= 1990);
    assert.equal(proxy.requests.length, 3);
  });

  await whole.test('500 is tried again where twice is as good as once, and told where it is not', async (t) => {
    const proxy = await startFaultyProxy(t, plane);
    const { api } = open(t, proxy.kubeconfig);
    const broken = { status: 500, body: 'etcdserver: leader changed', times: 3 };
    proxy.plant({ matches: () => true, ...broken });
    assert.equal(await api.get(configMaps, { namespace: 'default', name: 'nobody' }), null);
    assert.equal(proxy.requests.length, 4);
    proxy.plant({ matches: isWrite, ...broken });
    await assert.rejects(api.create(configMaps, configMap('once'), { fieldManager }), (e) =>
      isReason(e, 'InternalError'),
    );
    assert.equal(proxy.requests.length, 5);
  });

  await whole.test(
    'a write whose answer is lost is not lost itself: applied again it is the same, created again it is there',
    async (t) => {
      const proxy = await startFaultyProxy(t, plane);
      const { api } = open(t, proxy.kubeconfig);
      const lost = { status: 0, body: '', afterwards: true };
      proxy.plant({ matches: (method) => method === 'PATCH', ...lost });
      const { apiVersion, kind } = configMap('applied');
      const metadata = { name: 'applied', namespace: 'default' };
      await api.apply(configMaps, { apiVersion, kind, metadata, data: { a: '1' } }, { fieldManager });
      assert.equal((await api.get(configMaps, metadata))?.data?.['a'], '1');
      proxy.plant({ matches: isWrite, ...lost });
      const create = () => api.create(configMaps, configMap('created'), { fieldManager });
      await assert.rejects(create(), (e) => isReason(e, 'Unreachable'));
      await assert.rejects(create(), (e) => isReason(e, 'AlreadyExists'));
    },
  );

  await whole.test('while the API server is away nothing storms, and when it is back all goes on', async (t) => {
    const proxy = await startFaultyProxy(t, plane);
    const { api, cache } = open(t, proxy.kubeconfig);
    const caches = [
      cache(configMaps),
      cache(configMaps, { labels: { a: 'b' } }),
      cache(configMaps, { namespaces: ['default'] }),
    ];
    await Promise.all(caches.map((each) => each.untilSynced()));
    await plane.kill();
    await assert.rejects(api.create(configMaps, configMap('away'), { fieldManager }), (e) =>
      isReason(e, 'Unreachable'),
    );
    const before = proxy.requests.length;
    const begun = performance.now();
    await until('three seconds of silence', () => performance.now() - begun > 3000);
    const during = proxy.requests.length - before;
    assert(during <= 3 * 7, `${during} requests of three watches in three seconds`);
    await plane.restart();
    const made = await make();
    await until('every cache to go on', () => caches[0]?.get(made) !== null && caches[2]?.get(made) !== null, 20_000);
    assert.deepEqual(
      caches.map(({ synced }) => synced),
      [true, true, true],
    );
    await api.create(configMaps, configMap('back'), { fieldManager });
  });
});
