import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Job } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import { openPodPlatform, podPlatformMissing, startPod } from './pod-platform.ts';
import type { Pod, PodPlatform } from './pod-platform.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const program = at('examples/container-service/simulate.mjs');

const apply = ({ url, token }: PodPlatform, manifest: string) =>
  promisify(execFile)(process.execPath, [at('packages/cli/bin/simfleet.js'), 'apply', '-f', at(manifest)], {
    env: { ...process.env, SIMFLEET_URL: url, SIMFLEET_TOKEN: token },
  });

const start = async (t: TestContext, platform: PodPlatform, jobId: string) => {
  const tokenFile = await platform.tokenFile(jobId);
  const variables = { SIMFLEET_URL: platform.url, SIMFLEET_JOB_ID: jobId, SIMFLEET_TOKEN_FILE: tokenFile };
  return (shard: number): Pod =>
    startPod(t, { ...variables, SIMFLEET_SHARD: String(shard), SIMFLEET_ATTEMPT: '' }, program);
};

test('the example of an own image is folded like any engine', { skip: podPlatformMissing() }, async (t) => {
  const platform = await openPodPlatform(t, ['--container-services']);
  const { client } = platform;
  await apply(platform, 'examples/container-service/service.yaml');
  await apply(platform, 'examples/container-service/job.yaml');
  const { body } = await client.request('GET', '/v1/jobs');
  const [job] = (body as { readonly items: readonly Job[] }).items;
  assert.ok(job);

  const pod = await start(t, platform, job.id);
  const killed = pod(0);
  await until('the first blocks', async () => (await client.job(job.id)).progress.blocks > 0, 30_000);
  killed.kill('SIGKILL');
  const others = [pod(0), pod(1)];
  for (const each of others) assert.deepEqual(await each.ended, { code: 0, signal: null }, each.output());
  const result = await client.result(job.id);
  assert.equal(result.stopReason, 'PrecisionReached');
  assert.deepEqual(result.estimates.map(({ name }) => name).sort(), ['capital', 'ruin']);
  assert.equal(result.provenance.kernelHash, '0'.repeat(64));

  const again = await client.create({ spec: { ...job.spec, shards: 1 } });
  assert.equal((await (await start(t, platform, again.id))(0).ended).code, 0);
  assert.equal((await client.result(again.id)).resultDigest, result.resultDigest);
});
