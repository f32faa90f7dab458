import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import type { SimfleetEvent } from '@simfleet/contracts';
import { delayAfter } from '@simfleet/bus';
import { openMemoryBus } from '@simfleet/bus/memory';

const event: SimfleetEvent = {
  specversion: '1.0',
  id: 'a1',
  source: '/jobs/a',
  sourceversion: 1,
  type: 'dev.simfleet.shard.started.v1',
  time: '2026-01-02T03:04:05.678Z',
  customer: 'acme',
  datacontenttype: 'application/json',
  data: { jobId: 'a', customer: 'acme', generation: 1, shard: 0, attempt: 1 },
};
const types = ['dev.simfleet.shard.started.v1'] as const;

test('pauses double up to a bound, and half of each is drawn at random', () => {
  const backoff = { firstMs: 100, mostMs: 1000 };
  assert.deepEqual(
    [1, 2, 3, 4, 5, 60].map((attempt) => delayAfter(backoff, attempt, 1)),
    [100, 200, 400, 800, 1000, 1000],
  );
  assert.deepEqual(
    [1, 2].map((attempt) => delayAfter(backoff, attempt, 0)),
    [50, 100],
  );
});

test('publish resolves only after every durable consumer has handled the event', async () => {
  const bus = openMemoryBus();
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  for (const [index, { promise }] of gates.entries()) {
    await bus.consume({ name: `consumer ${index}`, types, handle: () => promise });
  }
  let published = false;
  const publishing = bus.publish(event).then(() => (published = true));
  gates[0]?.resolve();
  await turnOfLoop();
  assert.equal(published, false);
  gates[1]?.resolve();
  await publishing;
  await bus.close();
});

test('when a consumer ends during its retries, publish fails, so that the outbox keeps the event', async () => {
  // Time that stands still: the pause after the first failure never ends by itself.
  const bus = openMemoryBus({ timers: { after: () => () => undefined } });
  const end = await bus.consume({ name: 'one', types, handle: () => Promise.reject(new Error('Not yet')) });
  const publishing = assert.rejects(bus.publish(event), { code: 'unavailable' });
  await turnOfLoop();
  await end();
  await publishing;
  assert.deepEqual(await bus.deadLetters({ limit: 10 }), []);
  await bus.close();
});

test('a listener that throws is reported', async () => {
  const reports: unknown[] = [];
  const bus = openMemoryBus({ onListenerError: (subject, error) => reports.push([subject, (error as Error).message]) });
  await bus.listen('news', () => {
    throw new Error('Not listening');
  });
  bus.broadcast('news', 1);
  await turnOfLoop();
  assert.deepEqual(reports, [['news', 'Not listening']]);
  await bus.close();
});
