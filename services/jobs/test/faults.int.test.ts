import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimfleetError } from '@simfleet/contracts';
import type { Job, Problem } from '@simfleet/contracts';
import type { Log, Storage } from '@simfleet/storage';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import { followEvents } from './support/events.ts';
import { openShard, report, work } from './support/shard.ts';

/** A store whose log refuses streams of one kind while the switch is on. */
const failingStorage = (): { readonly storage: Storage; refused: string | null } => {
  const inner = openMemoryStorage();
  const state: { refused: string | null; storage: Storage } = { refused: null, storage: inner };
  const append: Log['append'] = async (stream, entries) => {
    if (state.refused !== null && stream.startsWith(state.refused))
      throw new SimfleetError('storage-full', 'the disk is full');
    return inner.log.append(stream, entries);
  };
  const log: Log = {
    append,
    read: (stream, after, limit) => inner.log.read(stream, after, limit),
    last: (stream) => inner.log.last(stream),
    trim: (stream, through) => inner.log.trim(stream, through),
    drop: (stream) => inner.log.drop(stream),
  };
  state.storage = { ...inner, log, collection: (declaration) => inner.collection(declaration), outbox: inner.outbox };
  return state;
};

test('a full disk refuses a report, which changes nothing and is taken once there is space', async (t) => {
  const failing = failingStorage();
  const platform = await startPlatform(t, { storage: failing.storage });
  const { id } = await createJob(platform, smallSpec());
  const token = await platform.tokenFor(id);
  const shard = await openShard(platform, id, token);
  failing.refused = 'ledger:';
  const done = [shard.runner.run(0)];
  const refused = await report(platform, id, token, { shard: 0, attempt: 1, done });
  assert.deepEqual([refused.status, (refused.body as unknown as Problem).code], [507, 'storage-full']);
  assert.equal((await platform.call<Job>('GET', `/v1/jobs/${id}`)).body.progress.blocksReported, 0);
  failing.refused = null;
  await work(shard);
  assert.equal((await platform.call<Job>('GET', `/v1/jobs/${id}`)).body.stopReason, 'Completed');
});

test('live events wait for a full disk, and all of them come in order', async (t) => {
  const failing = failingStorage();
  const platform = await startPlatform(t, { storage: failing.storage });
  failing.refused = 'live:';
  const { id } = await createJob(platform, smallSpec());
  await work(await openShard(platform, id, await platform.tokenFor(id)));
  assert.equal(await failing.storage.log.last(`live:${id}`), 0);
  const following = followEvents(platform, id).all();
  failing.refused = null;
  const events = await following;
  assert.deepEqual(
    events.map((each) => each.id),
    events.map((_, index) => index + 1),
  );
  const states = events.flatMap(({ event }) => (event.type === 'state' ? [event.state] : []));
  assert.deepEqual(states, ['Queued', 'Running', 'Succeeded']);
  assert.equal(events.at(-1)?.event.type, 'result');
});
