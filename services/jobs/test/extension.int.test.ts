import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, JobResult, Problem } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import { heldStorage } from './support/held-storage.ts';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { openShard, report } from './support/shard.ts';
import type { Shard } from './support/shard.ts';

/** The last block of a job of 3050 paths: 50 of them. */
const last = 30;

const extend = (platform: Platform, id: string, maxPaths: string) =>
  platform.call<Job>('POST', `/v1/jobs/${id}:extend`, { maxPaths });

const resultOf = async (platform: Platform, id: string): Promise<JobResult> =>
  (await platform.call<JobResult>('GET', `/v1/jobs/${id}/result`)).body;

/** Works until the job ends, but gives up on one that never does. */
const finish = async (shard: Shard): Promise<void> => {
  for (let reports = 0; reports < 100; reports++) if ((await shard.step()).action === 'stop') return;
  throw new Error('the job does not end');
};

const freshDigest = async (platform: Platform, maxPaths: string): Promise<string | null> => {
  const { id } = await createJob(platform, smallSpec({ maxPaths }));
  await finish(await openShard(platform, id, await platform.tokenFor(id)));
  return (await resultOf(platform, id)).resultDigest;
};

test('the short last block of an earlier bound is neither refused nor stored', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  const token = await platform.tokenFor(id);
  const early = await openShard(platform, id, token);
  await extend(platform, id, '3070');
  await extend(platform, id, '4000');
  const done = [early.runner.run(1), early.runner.run(last)];
  const { status, body } = await report(platform, id, token, { shard: 0, attempt: 1, done });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal((await platform.call<Job>('GET', `/v1/jobs/${id}`)).body.progress.blocksReported, 1);
  await finish(await openShard(platform, id, token, 0, 2));
  assert.equal((await resultOf(platform, id)).resultDigest, await freshDigest(platform, '4000'));
});

test('a block that no bound of the job made short is refused', async (t) => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, smallSpec());
  const token = await platform.tokenFor(id);
  const early = await openShard(platform, id, token);
  await extend(platform, id, '4000');
  const short = early.runner.run(last);
  const done = [{ ...short, block: last - 1 }];
  const { status, body } = await report(platform, id, token, { shard: 0, attempt: 1, done });
  const { errors } = body as unknown as Problem;
  assert.deepEqual([status, errors.map(({ pointer }) => pointer)], [422, ['/done/0/result/paths']]);
});

test('a short block that is stored while the bounds get wider is run again in full', async (t) => {
  const held = heldStorage();
  const platform = await startPlatform(t, { storage: held.storage });
  const { id } = await createJob(platform, smallSpec());
  const token = await platform.tokenFor(id);
  const early = await openShard(platform, id, token);
  const release = held.hold();
  const late = report(platform, id, token, { shard: 0, attempt: 1, done: [early.runner.run(last)] });
  await until('the write', () => held.waiting === 1);
  await extend(platform, id, '4000');
  release();
  assert.equal((await late).status, 200);
  await finish(await openShard(platform, id, token, 0, 2));
  assert.equal((await resultOf(platform, id)).resultDigest, await freshDigest(platform, '4000'));
});
