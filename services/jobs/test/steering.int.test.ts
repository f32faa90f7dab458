import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventData, Job, JobResult, Page, Problem } from '@simfleet/contracts';
import { fakeClock, until } from '@simfleet/testing';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { openShard, report, work } from './support/shard.ts';

const read = async (platform: Platform, id: string): Promise<Job> =>
  (await platform.call<Job>('GET', `/v1/jobs/${id}`)).body;
const post = (platform: Platform, id: string, verb: string, body?: unknown) =>
  platform.call<Job>('POST', `/v1/jobs/${id}:${verb}`, body);
const patch = (platform: Platform, id: string, body: unknown, headers = {}) =>
  platform.call<Job>('PATCH', `/v1/jobs/${id}`, body, headers);
const result = async (platform: Platform, id: string): Promise<JobResult> =>
  (await platform.call<JobResult>('GET', `/v1/jobs/${id}/result`)).body;

const runToEnd = async (platform: Platform, id: string, attempt = 1): Promise<JobResult> => {
  await work(await openShard(platform, id, await platform.tokenFor(id), 0, attempt));
  return result(platform, id);
};

test('a suspended job takes back its leases and keeps what is done', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  const token = await platform.tokenFor(id);
  const shard = await openShard(platform, id, token);
  await shard.step();
  assert.equal((await post(platform, id, 'suspend')).body.state, 'Suspended');
  const reply = await shard.step();
  assert.deepEqual([reply.action, reply.lease], ['suspend', null]);
  assert.ok((await read(platform, id)).progress.blocks >= 2);
  assert.equal((await post(platform, id, 'resume')).body.state, 'Queued');
  await work(shard);
  const job = await read(platform, id);
  assert.equal(job.stopReason, 'Completed');
  const undisturbed = await createJob(platform, smallSpec());
  assert.equal(job.resultDigest, (await runToEnd(platform, undisturbed.id)).resultDigest);
});

test('a cancelled job is over for good, with what it had found and no digest', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  const shard = await openShard(platform, id, await platform.tokenFor(id));
  await shard.step();
  const { body } = await post(platform, id, 'cancel');
  assert.deepEqual([body.state, body.stopReason], ['Cancelled', 'Cancelled']);
  assert.equal((await post(platform, id, 'cancel')).status, 200);
  assert.equal((await shard.step()).action, 'stop');
  for (const verb of ['suspend', 'resume']) {
    const refused = await post(platform, id, verb);
    assert.deepEqual([refused.status, (refused.body as unknown as Problem).code], [409, 'job-over']);
  }
  const { estimates, resultDigest } = await result(platform, id);
  assert.equal(resultDigest, null);
  assert.equal(estimates[0]?.paths, 200);
});

test('the result of a job that is not over is not there yet', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  const { status, body } = await platform.call('GET', `/v1/jobs/${id}/result`);
  assert.deepEqual([status, body.code], [409, 'job-not-over']);
});

test('an extended job ends with the digest of a fresh one with the final bounds', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  const before = await runToEnd(platform, id);
  const { status, body } = await post(platform, id, 'extend', { maxPaths: '7777' });
  assert.deepEqual([status, body.state, body.stopReason, body.resultDigest], [200, 'Queued', null, null]);
  assert.equal((await platform.call('GET', `/v1/jobs/${id}/result`)).status, 409);
  const after = await runToEnd(platform, id, 2);
  const fresh = await createJob(platform, smallSpec({ maxPaths: '7777' }));
  assert.notEqual(after.resultDigest, before.resultDigest);
  assert.equal(after.resultDigest, (await runToEnd(platform, fresh.id)).resultDigest);
});

test('tightening the precision of a finished job goes on from its ledger', async (t) => {
  const platform = await startPlatform(t);
  const precise = (absoluteError: string) =>
    smallSpec({ maxPaths: undefined, precision: { metric: 'price', absoluteError } });
  const { id } = await createJob(platform, precise('0.1'));
  const before = await runToEnd(platform, id);
  assert.equal(before.stopReason, 'PrecisionReached');
  assert.equal((await patch(platform, id, { spec: { precision: { absoluteError: '0.04' } } })).status, 200);
  const shard = await openShard(platform, id, await platform.tokenFor(id), 0, 2);
  assert.ok((shard.replies[0]?.lease?.first ?? 0) >= before.provenance.blocks);
  await work(shard);
  const fresh = await createJob(platform, precise('0.04'));
  const again = await runToEnd(platform, fresh.id);
  assert.equal((await result(platform, id)).resultDigest, again.resultDigest);
});

test('an active job can be extended: its shards start afresh', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  const changes: EventData<'dev.simfleet.job.changed.v1'>[] = [];
  await platform.bus.consume({
    name: 'test',
    types: ['dev.simfleet.job.changed.v1'],
    handle: async ({ data }) => void changes.push(data),
  });
  const shard = await openShard(platform, id, await platform.tokenFor(id));
  await shard.step();
  await post(platform, id, 'extend', { maxPaths: '5050' });
  await until('the change', () => changes.some(({ generation }) => generation === 2));
  const after = await runToEnd(platform, id, 2);
  assert.equal(after.provenance.paths, 5050);
});

test('bounds never get narrower and other members never change', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  const pointersOf = async (spec: unknown): Promise<unknown> => {
    const { status, body } = await patch(platform, id, { spec });
    const problem = body as unknown as Problem;
    return [status, problem.code, problem.errors.map(({ pointer }) => pointer)];
  };
  assert.deepEqual(await pointersOf({ maxPaths: '100' }), [409, 'immutable', ['/spec/maxPaths']]);
  assert.deepEqual(await pointersOf({ seed: '8', parameters: { level: 1 } }), [
    409,
    'immutable',
    ['/spec/parameters', '/spec/seed'],
  ]);
  assert.deepEqual(await pointersOf({ shards: 0 }), [422, 'invalid-request', ['/spec/shards']]);
  assert.deepEqual(await pointersOf({ shrads: 2 }), [422, 'invalid-request', ['/spec/shrads']]);
  const { generation, spec } = await read(platform, id);
  assert.deepEqual([generation, spec.seed], [1, '7']);
});

test('a patch with the old values changes nothing', async (t) => {
  const platform = await startPlatform(t);
  const created = await createJob(platform, smallSpec());
  const { headers } = await platform.call('GET', `/v1/jobs/${created.id}`);
  const answer = await patch(platform, created.id, { spec: { seed: '7', shards: 1 } });
  assert.equal(answer.headers.get('etag'), headers.get('etag'));
});

test('a patch may cancel', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  const { body } = await patch(platform, id, { labels: { why: 'late' }, spec: { cancelled: true } });
  assert.deepEqual([body.state, body.labels], ['Cancelled', { why: 'late' }]);
  const again = await patch(platform, id, { spec: { cancelled: false } });
  assert.deepEqual([again.status, (again.body as unknown as Problem).code], [409, 'immutable']);
});

test('If-Match refuses a change of another version', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  const { headers } = await platform.call('GET', `/v1/jobs/${id}`);
  const etag = headers.get('etag') ?? '';
  assert.equal((await patch(platform, id, { spec: { shards: 3 } }, { 'if-match': etag })).status, 200);
  const stale = await patch(platform, id, { spec: { shards: 4 } }, { 'if-match': etag });
  assert.equal(stale.status, 412);
  assert.equal((await platform.call('POST', `/v1/jobs/${id}:cancel`, undefined, { 'if-match': etag })).status, 412);
  assert.equal((await read(platform, id)).spec.shards, 3);
});

test('labels merge, and null removes one', async (t) => {
  const platform = await startPlatform(t);
  const { body: job } = await platform.call<Job>('POST', '/v1/jobs', {
    labels: { desk: 'rates', run: '1' },
    spec: smallSpec(),
  });
  const { body } = await patch(platform, job.id, { labels: { run: null, team: 'a' } });
  assert.deepEqual(body.labels, { desk: 'rates', team: 'a' });
  const found = await platform.call<Page<Job>>('GET', '/v1/jobs?label=desk=rates&label=team=a');
  assert.deepEqual(
    found.body.items.map(({ id }) => id),
    [job.id],
  );
});

test('time in the queue is free, and a job that runs longer than it may fails', async (t) => {
  const clock = fakeClock();
  const platform = await startPlatform(t, { clock });
  const { id } = await createJob(platform, smallSpec({ activeDeadlineSeconds: 10 }));
  await clock.advance(60_000);
  assert.equal((await read(platform, id)).state, 'Queued');
  const token = await platform.tokenFor(id);
  await report(platform, id, token, { shard: 0, attempt: 1, describe: true });
  await clock.advance(9_000);
  assert.equal((await read(platform, id)).state, 'Running');
  await clock.advance(1_100);
  const job = await until('the end', async () => {
    const now = await read(platform, id);
    return now.state === 'Failed' && now;
  });
  assert.equal(job.stopReason, 'DeadlineExceeded');
  assert.match(job.message ?? '', /activeDeadlineSeconds: 10/);
});

test('maxTotalSeconds adds up over suspensions', async (t) => {
  const clock = fakeClock();
  const platform = await startPlatform(t, { clock });
  const { id } = await createJob(platform, smallSpec({ maxTotalSeconds: 10, activeDeadlineSeconds: 8 }));
  const token = await platform.tokenFor(id);
  const hello = () => report(platform, id, token, { shard: 0, attempt: 1, describe: true });
  await hello();
  await clock.advance(6_000);
  await post(platform, id, 'suspend');
  await clock.advance(3_600_000);
  await post(platform, id, 'resume');
  await hello();
  await clock.advance(3_000);
  assert.equal((await read(platform, id)).state, 'Running');
  await clock.advance(1_100);
  await until('the end', async () => (await read(platform, id)).stopReason === 'DeadlineExceeded');
});

test('a finished job goes away when its time to live is over, with its name', async (t) => {
  const clock = fakeClock();
  const platform = await startPlatform(t, { clock });
  const { id } = await createJob(platform, smallSpec({ ttlSecondsAfterFinished: 60 }), 'mine');
  await runToEnd(platform, id);
  await clock.advance(59_000);
  assert.equal((await platform.call('GET', `/v1/jobs/${id}`)).status, 200);
  await clock.advance(2_000);
  await until('the removal', async () => (await platform.call('GET', `/v1/jobs/${id}`)).status === 404);
  await until('the ledger is gone', async () => (await platform.storage.log.last(`ledger:${id}`)) === 0);
  await createJob(platform, smallSpec(), 'mine');
});

test('a job that is not over cannot be deleted; one that is can, once', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec(), 'mine');
  const early = await platform.call('DELETE', `/v1/jobs/${id}`);
  assert.deepEqual([early.status, early.body.code], [409, 'job-not-over']);
  await post(platform, id, 'cancel');
  assert.equal((await platform.call('DELETE', `/v1/jobs/${id}`)).status, 204);
  assert.equal((await platform.call('DELETE', `/v1/jobs/${id}`)).status, 404);
  await until('the live log is gone', async () => (await platform.storage.log.last(`live:${id}`)) === 0);
});

test('every deed is in the audit log with its principal', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  await post(platform, id, 'suspend');
  await post(platform, id, 'cancel');
  const entries = await platform.storage.log.read('audit:default', 0, 100);
  const deeds = entries.map(({ data }) => data as { action: string; subject: string; principal: { id: string } });
  assert.deepEqual(
    deeds.map(({ action, subject, principal }) => [action, subject, principal.id]),
    ['jobs.create', 'jobs.suspend', 'jobs.cancel'].map((action) => [action, `jobs/${id}`, 'administrator']),
  );
});

test('a customer that comes back under its old name is told of in the audit log again', async (t) => {
  const platform = await startPlatform(t);
  for (const round of [1, 2]) {
    assert.equal((await platform.call('POST', '/v1/customers', { id: 'acme', displayName: `${round}` })).status, 201);
    assert.equal((await platform.call('PATCH', '/v1/customers/acme', { labels: { a: 'b' } })).status, 200);
    assert.equal((await platform.call('DELETE', '/v1/customers/acme')).status, 204);
  }
  const entries = await platform.storage.log.read('audit:acme', 0, 100);
  const once = ['customers.create', 'customers.change', 'customers.delete'];
  assert.deepEqual(
    entries.map(({ data }) => (data as { action: string }).action),
    [...once, ...once],
  );
});
