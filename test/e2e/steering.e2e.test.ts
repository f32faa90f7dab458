import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, JobResult } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import { openClient } from './client.ts';
import type { Client } from './client.ts';
import { startPlatform } from './platform.ts';
import { european, openScene } from './scene.ts';

/** Far more work than any test waits for. */
const endless = { maxPaths: '9000000000000' };

const whenState = (client: Client, id: string, state: Job['state']): Promise<Job> =>
  until(`${id} is ${state}`, async () => {
    const job = await client.job(id);
    return job.state === state && job;
  });

const whenBlocks = (client: Client, id: string, more: number): Promise<Job> =>
  until(`${id} has ${more} blocks`, async () => {
    const job = await client.job(id);
    return job.progress.blocks >= more && job;
  });

const digestOf = async (client: Client, input: Parameters<typeof european>[0]): Promise<JobResult> => {
  const { id } = await client.create(european(input));
  return client.result(id);
};

test('a suspended job holds still, goes on where it was when resumed, and ends with the digest of an undisturbed one', async (context) => {
  const { client } = await openScene(context);
  const bounds = { maxPaths: '150000000' };
  const { id } = await client.create(european(bounds));
  await whenBlocks(client, id, 4);
  assert.equal((await client.act(id, 'suspend')).status, 200);
  await whenState(client, id, 'Suspended');
  const shardsLeft = () =>
    client.logs(id).then((lines) => lines.filter(({ text }) => /left when asked/.test(text)).length);
  await until('both shards have left', async () => (await shardsLeft()) === 2);
  const held = (await client.job(id)).progress.blocksReported;
  // Nothing is left that could report: the next job gets both slots and ends, and this one has not moved.
  await digestOf(client, { maxPaths: '10000000', seed: '1' });
  assert.equal((await client.job(id)).progress.blocksReported, held);
  assert.equal((await client.act(id, 'resume')).status, 200);
  const result = await client.result(id);
  assert.equal(result.stopReason, 'Completed');
  assert.equal(result.resultDigest, (await digestOf(client, bounds)).resultDigest);
});

test('a cancelled job ends at once, frees its slots, and can neither be resumed nor cancelled again into something else', async (context) => {
  const { client } = await openScene(context);
  const { id } = await client.create(european(endless));
  await whenState(client, id, 'Running');
  assert.equal((await client.act(id, 'cancel')).status, 200);
  const result = await client.result(id);
  assert.deepEqual([result.state, result.stopReason, result.resultDigest], ['Cancelled', 'Cancelled', null]);
  assert.equal((await client.act(id, 'resume')).status, 409);
  assert.equal((await digestOf(client, { maxPaths: '1000' })).state, 'Succeeded');
});

test('an extended job ends with the digest of a fresh job with the final bounds', async (context) => {
  const { client } = await openScene(context);
  const { id } = await client.create(european({ maxPaths: '30000001' }));
  const before = await client.result(id);
  assert.equal(before.stopReason, 'Completed');
  const { status } = await client.request('POST', `/v1/jobs/${id}:extend`, { maxPaths: '60000001' });
  assert.equal(status, 200);
  await whenState(client, id, 'Succeeded');
  const after = (await client.request('GET', `/v1/jobs/${id}/result`)).body as JobResult;
  assert.notEqual(after.resultDigest, before.resultDigest);
  assert.equal(after.resultDigest, (await digestOf(client, { maxPaths: '60000001' })).resultDigest);
});

test('a job over its deadline fails, with what it has so far', async (context) => {
  const { client } = await openScene(context);
  const [active, total] = await Promise.all([
    digestOf(client, { ...endless, activeDeadlineSeconds: 1 }),
    digestOf(client, { ...endless, maxTotalSeconds: 1 }),
  ]);
  for (const { state, stopReason, estimates } of [active, total]) {
    assert.deepEqual([state, stopReason], ['Failed', 'DeadlineExceeded']);
    assert.ok((estimates[0]?.paths ?? 0) > 0);
  }
});

test('a customer who comes late gets a slot from one who has them all', async (context) => {
  const { client } = await openScene(context);
  for (const id of ['greedy', 'modest']) await client.request('POST', '/v1/customers', { id });
  const { id: first } = await client.create(european({ ...endless, shards: 8 }, { customer: 'greedy' }));
  await until('both slots are taken', async () => (await client.job(first)).progress.activeShards === 2);
  const { id: second } = await client.create(european({ maxPaths: '100000000', shards: 8 }, { customer: 'modest' }));
  assert.equal((await client.result(second)).stopReason, 'Completed');
  assert.equal((await client.job(first)).state, 'Running');
});

test('more shards in the middle of a job change its speed, not its digest', async (context) => {
  const { client } = await openScene(context);
  const bounds = { maxPaths: '120000000' };
  const { id } = await client.create(european({ ...bounds, shards: 1 }));
  await whenBlocks(client, id, 3);
  const { status } = await client.request('PATCH', `/v1/jobs/${id}`, { spec: { shards: 2 } });
  assert.equal(status, 200);
  const result = await client.result(id);
  assert.equal(result.resultDigest, (await digestOf(client, bounds)).resultDigest);
  const shards = new Set((await client.logs(id)).map(({ shard }) => shard));
  assert.deepEqual([...shards].sort(), [0, 1]);
});

test('a job whose shards have used up their retries fails, with what it has so far', async (context) => {
  const { client, platform } = await openScene(context);
  const { id } = await client.create(european({ ...endless, backoffLimitPerIndex: 0 }));
  await whenBlocks(client, id, 4);
  platform.shardPids().forEach((pid) => process.kill(pid, 'SIGKILL'));
  const { state, stopReason, estimates } = await client.result(id);
  assert.deepEqual([state, stopReason], ['Failed', 'RetriesExhausted']);
  assert.ok((estimates[0]?.paths ?? 0) > 0);
});

test('SIGTERM makes shards hand in what they have; the next platform goes on from there', async (context) => {
  const { client, platform } = await openScene(context);
  const bounds = { maxPaths: '200000000' };
  const { id } = await client.create(european(bounds));
  await whenBlocks(client, id, 4);
  assert.equal(await platform.stop(), 0);
  const next = await startPlatform({ dataDir: platform.dataDir, slots: 2 });
  context.after(() => next.stop());
  const after = openClient(next);
  const left = (await after.logs(id)).filter(({ text }) => /left when asked/.test(text));
  assert.equal(left.length, 2);
  const result = await after.result(id);
  assert.equal(result.stopReason, 'Completed');
  assert.equal(result.resultDigest, (await digestOf(after, bounds)).resultDigest);
});

test('a deleted job is gone, with its output', async (context) => {
  const { client } = await openScene(context);
  const { id } = await client.create(european({ maxPaths: '1000' }));
  await client.result(id);
  assert.equal((await client.request('DELETE', `/v1/jobs/${id}`)).status, 204);
  assert.equal((await client.request('GET', `/v1/jobs/${id}`)).status, 404);
  assert.equal((await client.request('GET', `/v1/jobs/${id}/logs`)).status, 404);
});
