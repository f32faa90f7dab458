import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryBus } from '@simfleet/bus/memory';
import type { DeadLetterView, Page, SimfleetEvent } from '@simfleet/contracts';
import { auditStream } from '../src/audit/audit.ts';
import { startPlatform } from './support/platform.ts';

const event = (version: number): SimfleetEvent<'dev.simfleet.shard.started.v1'> => ({
  ...{ specversion: '1.0', id: `e-${version}`, source: '/jobs/none', sourceversion: version },
  ...{ type: 'dev.simfleet.shard.started.v1', time: '2026-11-22T20:00:00.000Z', customer: 'default' },
  datacontenttype: 'application/json',
  data: { jobId: 'none', customer: 'default', generation: 1, shard: 0, attempt: version },
});

test('an event that fails is listed with its reason, and replayed once its cause is mended has its effect once', async (t) => {
  const bus = openMemoryBus();
  const platform = await startPlatform(t, {
    bus,
    users: { user: { id: 'user', kind: 'user', customers: ['default'] } },
  });
  let isMended = false;
  const effects: number[] = [];
  await bus.consume({
    name: 'accounting',
    types: ['dev.simfleet.shard.started.v1'],
    maxAttempts: 1,
    handle: async ({ sourceversion }) => {
      if (!isMended) throw new Error('the ledger is closed');
      effects.push(sourceversion);
    },
  });
  for (const version of [1, 2, 3]) await bus.publish(event(version));
  const list = async (query = ''): Promise<Page<DeadLetterView>> =>
    (await platform.call<Page<DeadLetterView>>('GET', `/v1/events/dead${query}`)).body;
  const { items } = await list('?total=exact');
  assert.deepEqual(
    items.map(({ consumer, reason, event: { id } }) => [consumer, reason, id]),
    [1, 2, 3].map((version) => ['accounting', 'the ledger is closed', `e-${version}`]),
  );

  // Pages like any list: forwards, backwards, by number, the other way round, narrowed.
  const first = await list('?limit=2&total=exact');
  assert.deepEqual([first.items, first.total], [items.slice(0, 2), { count: 3, exact: true }]);
  const second = await list(`?limit=2&cursor=${first.next}`);
  assert.deepEqual([second.items, second.next], [items.slice(2), null]);
  assert.deepEqual((await list(`?limit=2&cursor=${second.prev}`)).items, items.slice(0, 2));
  assert.deepEqual((await list('?page=2&pageSize=2')).items, items.slice(2));
  assert.deepEqual((await list('?sort=-id')).items, items.toReversed());
  assert.deepEqual((await list('?consumer=other')).items, []);

  const [one, two, three] = items.map(({ id }) => id);
  for (const [method, path] of [
    ['GET', ''],
    ['POST', `/${one}:replay`],
    ['DELETE', `/${one}`],
  ] as const) {
    const refused = await platform.call(method, `/v1/events/dead${path}`, undefined, { authorization: 'Bearer user' });
    assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden'], method);
  }

  assert.equal((await platform.call('POST', `/v1/events/dead/${one}:replay`)).status, 204);
  const again = await list();
  assert.equal(again.items.length, 3, 'it failed again, and is a letter again');
  isMended = true;
  assert.equal((await platform.call('POST', `/v1/events/dead/${two}:replay`)).status, 204);
  assert.deepEqual(effects, [2]);
  const gone = await platform.call('POST', `/v1/events/dead/${two}:replay`);
  assert.deepEqual([gone.status, gone.body.code], [404, 'not-found']);
  assert.equal((await platform.call('DELETE', `/v1/events/dead/${three}`)).status, 204);
  assert.equal((await platform.call('DELETE', `/v1/events/dead/${three}`)).status, 404);
  assert.deepEqual(effects, [2]);
  const told = await platform.storage.log.read(auditStream('default'), 0, 100);
  assert.deepEqual(
    told.map(({ data }) => (data as { readonly action: string }).action),
    ['events.replay', 'events.replay', 'events.discard'],
  );
});
