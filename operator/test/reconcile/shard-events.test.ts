import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventData } from '@simfleet/contracts';
import type { SimfleetEvent } from '@simfleet/contracts';
import { exhaustedEvents, podEvents, told } from '../../src/reconcile/shard-events.ts';
import { openShardTeller } from '../../src/reconcile/shard-teller.ts';
import { childOf, exited, jobOf, now, podOf, running, time } from '../support/builders.ts';

const job = jobOf();
const kinds = (events: readonly SimfleetEvent[]) =>
  events.map(({ type, sourceversion }) => [type.split('.')[3], sourceversion]);

test('a pod is told of when it starts and when it ends, in that order, as versions 1 and 2 of its source', () => {
  assert.deepEqual(kinds(podEvents(job, podOf(0, { phase: 'Pending' }), told.nothing, false, time)), []);
  assert.deepEqual(kinds(podEvents(job, podOf(0, running), told.nothing, false, time)), [['started', 1]]);
  const all = podEvents(job, podOf(3, exited(42, 'no such strike')), told.nothing, false, time);
  assert.deepEqual(kinds(all), [
    ['started', 1],
    ['ended', 2],
  ]);
  for (const event of all) eventData[event.type].parse(event.data);
  const end = all[1]?.data;
  assert.ok(end !== undefined && 'exitCode' in end);
  assert.deepEqual([end.shard, end.exitCode, end.message, end.exhausted], [3, 42, 'no such strike', false]);
});

test('what is told again has the same ids', () => {
  const [first, second] = [podEvents, podEvents].map((tell) =>
    tell(job, podOf(0, exited(1)), told.nothing, false, time),
  );
  assert.deepEqual(first, second);
  const other = podEvents(job, podOf(1, exited(1)), told.nothing, false, time);
  assert.equal(new Set([...(first ?? []), ...other].map(({ id }) => id)).size, 4);
});

test('indexes that were given up are told from sources of their own: they fail in any order', () => {
  const child = childOf(job, { failedIndexes: '0,2-3' });
  const events = exhaustedEvents(job, child, time);
  assert.deepEqual(
    events.map(({ source, sourceversion }) => [source, sourceversion]),
    [0, 2, 3].map((index) => [`/jobs.batch/child-1/${index}`, 1]),
  );
  for (const event of events) eventData[event.type].parse(event.data);
});

test('a teller tells each thing once, and goes on where the bus refused', async () => {
  const published: string[] = [];
  let refuse = false;
  const bus = {
    publish: async ({ type, source }: SimfleetEvent) => {
      if (refuse) throw new Error('the broker is away');
      published.push(`${type.split('.')[3] ?? ''} ${source}`);
    },
  };
  const teller = openShardTeller(bus, { now: () => now });
  const child = childOf(job);
  await teller.tell(job, [child], [podOf(0, running), podOf(1, running)]);
  await teller.tell(job, [child], [podOf(0, running), podOf(1, running)]);
  assert.deepEqual(published.splice(0), ['started /pods/pod-0', 'started /pods/pod-1']);
  refuse = true;
  await assert.rejects(teller.tell(job, [child], [podOf(0, exited(1)), podOf(1, running)]));
  refuse = false;
  // One failed, and the other was removed without a word.
  await teller.tell(job, [child], [podOf(0, exited(1))]);
  assert.deepEqual(published.splice(0), ['ended /pods/pod-0', 'ended /pods/pod-1']);
  await teller.tell(job, [childOf(job, { failedIndexes: '0' })], []);
  await teller.tell(job, [childOf(job, { failedIndexes: '0' })], []);
  assert.deepEqual(published, ['ended /jobs.batch/child-1/0']);
});
