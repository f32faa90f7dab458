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

test('the metrics tell of jobs and reports', async (t) => {
  const platform = await startPlatform(t);
  await createJob(platform, smallSpec());
  const job = await createJob(platform, smallSpec());
  await work(await openShard(platform, job.id, await platform.tokenFor(job.id)));
  await platform.call('PATCH', `/v1/jobs/${job.id}`, { labels: { seen: 'yes' } });
  await platform.call('POST', `/v1/jobs/${job.id}/reports`, {}, { authorization: 'Bearer wrong' });
  const metrics = await platform.open('/metrics', { signal: AbortSignal.timeout(5_000), headers: {} });
  const text = await metrics.text();
  assert.match(text, /^simfleet_jobs_ended_total\{reason="Completed"\} 1$/m);
  assert.match(text, /^simfleet_jobs_active\{state="Queued"\} 1$/m);
  assert.match(text, /^simfleet_reports_total\{outcome="stop"\} 1$/m);
  assert.match(text, /^simfleet_reports_total\{outcome="unauthenticated"\} 1$/m);
});
