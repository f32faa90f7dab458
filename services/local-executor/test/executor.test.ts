import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobChanged, openWorld, settle } from './fake-world.ts';

test('a job runs on as many shards as it wants, up to the slots', async () => {
  const world = await openWorld({ slots: 2 });
  await world.change('a', { shards: 5 });
  assert.equal(world.running(), 'a/0 a/1');
  await world.shards[0]?.end(1, { accepted: 1 });
  assert.equal(world.running(), 'a/1 a/2');
});

test('a job whose image only a cluster can run is left to it', async () => {
  const world = await openWorld();
  await world.change('a', { engine: 'container' });
  assert.equal(world.running(), '');
  assert.deepEqual([...world.tokens.keys()], []);
  await world.change('b', { engine: 'small-engine' });
  assert.equal(world.running(), 'b/0');
});

test('an event seen before, or older than the newest, changes nothing', async () => {
  const world = await openWorld();
  await world.change('a', { shards: 1 }, 5);
  await world.change('a', { desired: 'stop' }, 5);
  await world.change('a', { desired: 'stop' }, 3);
  assert.equal(world.running(), 'a/0');
});

test('every attempt is told by a started and an ended event, each in a write of its own', async () => {
  const world = await openWorld();
  await world.change('a');
  await world.shards[0]?.end(0);
  await world.change('a', { desired: 'stop' });
  const events = await world.events();
  assert.deepEqual(
    events.map(({ type, data }) => [type, 'attempt' in data && data.attempt]),
    [
      ['dev.simfleet.shard.started.v1', 1],
      ['dev.simfleet.shard.ended.v1', 1],
    ],
  );
  const versions = events.map(({ sourceversion }) => sourceversion);
  assert.ok((versions[0] ?? 0) < (versions[1] ?? 0));
});

test('a shard that was told to stop is not started again while the end of the job is on its way', async () => {
  const world = await openWorld({ slots: 1 });
  await world.change('a', { shards: 3 });
  await world.shards[0]?.end(0);
  assert.equal(world.running(), '');
});

test('suspend makes shards leave, resume starts them again with a higher attempt', async () => {
  const world = await openWorld();
  await world.change('a', { shards: 2 });
  await world.change('a', { shards: 2, desired: 'suspend' });
  assert.equal(world.running(), '');
  await world.change('a', { shards: 2, desired: 'run' });
  assert.equal(world.running(), 'a/0 a/1');
  assert.ok(world.shards.every(({ assignment }) => assignment.attempt === 2));
});

test('cancel makes shards leave and removes the token', async () => {
  const world = await openWorld();
  await world.change('a', { shards: 2 });
  assert.deepEqual([...world.tokens.keys()], ['a']);
  await world.change('a', { desired: 'stop' });
  assert.equal(world.running(), '');
  assert.deepEqual([...world.tokens.keys()], []);
});

test('fewer shards make the highest leave, more shards start', async () => {
  const world = await openWorld({ slots: 4 });
  await world.change('a', { shards: 3 });
  await world.change('a', { shards: 1 });
  assert.equal(world.running(), 'a/0');
  await world.change('a', { shards: 2 });
  assert.equal(world.running(), 'a/0 a/1');
});

test('a failed shard comes back after a delay that doubles, until its retries are used up', async () => {
  const world = await openWorld();
  await world.change('a');
  for (const delay of [125, 250]) {
    await world.shards[0]?.end(null);
    await world.advance(delay - 1);
    assert.equal(world.running(), '');
    await world.advance(1);
    assert.equal(world.running(), 'a/0');
  }
  await world.shards[0]?.end(null);
  await world.advance(60_000);
  assert.equal(world.running(), '');
  const ends = (await world.events()).filter(({ type }) => type === 'dev.simfleet.shard.ended.v1');
  assert.deepEqual(
    ends.map(({ data }) => 'exhausted' in data && data.exhausted),
    [false, false, true],
  );
});

test('bad input (42) is not tried again and carries what the shard said', async () => {
  const world = await openWorld();
  await world.change('a', { shards: 2 });
  await world.shards[0]?.end(42, { message: 'volatility is odd' });
  await world.advance(60_000);
  assert.equal(world.running(), '');
  const ended = (await world.events()).find(({ data }) => 'exitCode' in data && data.exitCode === 42);
  assert.ok(ended !== undefined && 'message' in ended.data && ended.data.message === 'volatility is odd');
});

test('a shard that somebody else asked to leave comes back and has not failed', async () => {
  const world = await openWorld();
  await world.change('a', { backoffLimitPerIndex: 0 });
  await world.shards[0]?.end(143);
  await world.advance(250);
  assert.equal(world.running(), 'a/0');
});

test('a customer without a shard gets one from a customer who has them all', async () => {
  const world = await openWorld({ slots: 2 });
  await world.change('a', { shards: 4, customer: 'x' });
  await world.change('b', { shards: 4, customer: 'y' });
  await world.advance(250);
  assert.equal(world.running(), 'a/0 b/0');
});

test('when the other customer is served, the slot goes back', async () => {
  const world = await openWorld({ slots: 2 });
  await world.change('a', { shards: 4, customer: 'x' });
  await world.change('b', { shards: 4, customer: 'y' });
  await world.advance(250);
  await world.change('b', { desired: 'stop', customer: 'y' });
  assert.equal(world.running(), 'a/0 a/1');
});

test('no more shards run than there are slots while others are asked to leave', async () => {
  const world = await openWorld({ slots: 3, polite: false });
  await world.change('a', { shards: 9, customer: 'x' });
  await world.change('b', { shards: 9, customer: 'y' });
  await world.change('c', { shards: 9, customer: 'z' });
  await world.advance(5_000);
  assert.equal(world.shards.length, 3);
  assert.equal(world.shards.filter(({ released }) => released).length, 2);
});

test('two thousand jobs in the queue wait for their turn, the oldest first', async () => {
  const world = await openWorld({ slots: 1 });
  const nameOf = (job: number): string => `job-${String(job).padStart(4, '0')}`;
  for (let job = 0; job < 2000; job++) void world.executor.obey(jobChanged(nameOf(job), 1));
  await settle();
  assert.equal(world.running(), 'job-0000/0');
  await world.change('job-0000', { desired: 'stop' }, 2);
  assert.equal(world.running(), 'job-0001/0');
});

test('a token that is not taken keeps the job waiting and is offered again', async () => {
  let accept = false;
  const world = await openWorld({ acceptToken: () => accept });
  await world.change('a');
  assert.equal(world.running(), '');
  accept = true;
  await world.advance(1_000);
  assert.equal(world.running(), 'a/0');
});

test('an extension starts shards afresh, with a token registered again', async () => {
  const world = await openWorld();
  await world.change('a');
  await world.shards[0]?.end(0);
  await world.change('a', { desired: 'stop' });
  await world.change('a', { generation: 2 });
  assert.equal(world.running(), 'a/0');
  assert.equal(world.shards[0]?.assignment.attempt, 2);
  assert.deepEqual(world.registered, ['a', 'a']);
});

test('an extension that comes while a shard of before still runs makes that one leave first', async () => {
  const world = await openWorld({ polite: false });
  await world.change('a');
  await world.change('a', { desired: 'stop' });
  await world.change('a', { generation: 2 });
  assert.equal(world.shards.length, 1);
  assert.ok(world.shards[0]?.released);
  await world.shards[0]?.end(1);
  assert.equal(world.shards[0]?.assignment.attempt, 2);
});

test('after the death of the platform active jobs go on with the next attempt, and the ends of the old ones are told', async () => {
  const before = await openWorld();
  await before.change('a', { shards: 2 });
  await before.change('over', { desired: 'stop' });
  const world = await openWorld({ storage: before.storage });
  await world.executor.reconcile();
  await settle();
  assert.equal(world.running(), 'a/0 a/1');
  assert.ok(world.shards.every(({ assignment }) => assignment.attempt === 2));
  const ends = (await world.events()).filter(({ type }) => type === 'dev.simfleet.shard.ended.v1');
  assert.deepEqual(
    ends.map(({ data }) => 'attempt' in data && [data.attempt, 'exhausted' in data && data.exhausted]),
    [
      [1, false],
      [1, false],
    ],
  );
});

test('a deleted job leaves nothing behind', async () => {
  const world = await openWorld();
  await world.change('a');
  world.shards[0]?.line('stdout', 'hello');
  await world.advance(200);
  assert.equal((await world.executor.readLogs({ jobId: 'a', after: 0, limit: 10 })).lines.length, 1);
  await world.change('a', { deleted: true });
  await world.advance(200);
  assert.equal(await world.collection.get('a'), null);
  assert.equal((await world.executor.readLogs({ jobId: 'a', after: 0, limit: 10 })).lines.length, 0);
  assert.deepEqual([...world.tokens.keys()], []);
});

test('stop makes all shards leave and tells their ends; nothing starts afterwards', async () => {
  const world = await openWorld();
  await world.change('a', { shards: 2 });
  await Promise.all([world.executor.stop(15_000), world.executor.stop(15_000), world.advance(3_000)]);
  assert.equal(world.running(), '');
  const ends = (await world.events()).filter(({ type }) => type === 'dev.simfleet.shard.ended.v1');
  assert.equal(ends.length, 2);
  assert.equal((await world.collection.get('a'))?.doc.active, true);
});

test('an executor that another has replaced kills its shards, and leaves the runs as they are', async () => {
  let active = true;
  const world = await openWorld({ isActive: () => active });
  await world.change('a', { shards: 2 });
  const [events, run] = [await world.events(), await world.collection.get('a')];
  active = false;
  await world.executor.abandon();
  assert.equal(world.running(), '');
  assert.deepEqual([await world.events(), await world.collection.get('a')], [events, run]);
  const next = await openWorld({ storage: world.storage });
  await next.executor.reconcile();
  await next.advance(0);
  assert.equal(next.running(), 'a/0 a/1');
  assert.deepEqual(
    next.shards.map(({ assignment }) => assignment.attempt),
    [2, 2],
  );
});

test('output is read page by page, by shard, and says where to go on', async () => {
  const world = await openWorld();
  await world.change('a', { shards: 2 });
  for (let line = 0; line < 3; line++)
    world.shards.forEach(({ line: say, assignment }) => say('stdout', `${assignment.shard}: ${line}`));
  await world.advance(200);
  const first = await world.executor.readLogs({ jobId: 'a', after: 0, limit: 4 });
  assert.deepEqual(
    first.lines.map(({ text }) => text),
    ['0: 0', '1: 0', '0: 1', '1: 1'],
  );
  const rest = await world.executor.readLogs({ jobId: 'a', after: first.next, limit: 4 });
  assert.deepEqual(
    rest.lines.map(({ text }) => text),
    ['0: 2', '1: 2'],
  );
  const own = await world.executor.readLogs({ jobId: 'a', shard: 1, after: 0, limit: 10 });
  assert.deepEqual(
    own.lines.map(({ text }) => text),
    ['1: 0', '1: 1', '1: 2'],
  );
});

test('output beyond the bound goes, the oldest lines first, and positions stay', async () => {
  const world = await openWorld();
  await world.change('a');
  for (let line = 0; line < 100; line++) world.shards[0]?.line('stderr', `line ${line}`);
  await world.advance(200);
  const { lines } = await world.executor.readLogs({ jobId: 'a', after: 0, limit: 1000 });
  assert.ok(lines.length > 20 && lines.length < 50);
  assert.equal(lines.at(-1)?.text, 'line 99');
  assert.equal(lines.at(-1)?.position, 100);
});

test('shards start within the trace of the event that their job sent last, whoever frees the slot', async () => {
  const { change, events, shards, tracing } = await openWorld({ slots: 1 });
  const traceOf = (digit: string) => ({ traceparent: `00-${digit.repeat(32)}-${'1'.repeat(16)}-01` });
  await tracing.within(traceOf('a'), () => change('one'));
  await tracing.within(traceOf('b'), () => change('two'));
  // Earlier versions wrote events without a trace.
  await tracing.within(undefined, () => change('three'));
  for (let ends = 0; ends < 3; ends += 1) await tracing.within(traceOf('e'), async () => shards[0]?.end(0));
  const told = (await events()).map(({ source, type, traceparent }) => [
    source.replace('/local-runs/', ''),
    type.split('.')[3],
    traceparent?.[3],
  ]);
  assert.deepEqual(
    told.sort(),
    [
      ['one', 'ended', 'a'],
      ['one', 'started', 'a'],
      ['three', 'ended', undefined],
      ['three', 'started', undefined],
      ['two', 'ended', 'b'],
      ['two', 'started', 'b'],
    ].sort(),
  );
});
