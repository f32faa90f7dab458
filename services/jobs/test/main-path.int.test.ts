import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobResult } from '@simfleet/contracts';
import type { Job, JobResult } from '@simfleet/contracts';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import { openShard, work } from './support/shard.ts';

test('a job goes from request to result', async (t) => {
  const platform = await startPlatform(t);
  const job = await createJob(platform, smallSpec());
  assert.equal(job.state, 'Queued');
  const shard = await openShard(platform, job.id, await platform.tokenFor(job.id));
  const { body: running } = await platform.call<Job>('GET', `/v1/jobs/${job.id}`);
  assert.equal(running.state, 'Running');
  await work(shard);
  const { body: over } = await platform.call<Job>('GET', `/v1/jobs/${job.id}`);
  assert.equal(over.state, 'Succeeded');
  assert.equal(over.stopReason, 'Completed');
  const { body } = await platform.call<JobResult>('GET', `/v1/jobs/${job.id}/result`);
  const result = jobResult.parse(body);
  assert.equal(result.provenance.blocks, 31);
  assert.equal(result.provenance.paths, 3050);
  assert.match(result.resultDigest ?? '', /^[0-9a-f]{64}$/);
});
