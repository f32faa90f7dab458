import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { JobResult } from '@simfleet/contracts';
import { temporaryDirectory, until } from '@simfleet/testing';
import { european, openScene } from '../e2e/scene.ts';
import { openPodPlatform, podPlatformMissing, startPod } from './pod-platform.ts';
import type { Pod, PodPlatform } from './pod-platform.ts';
import { openTlsFront } from './tls-front.ts';

/** About 40 blocks, two seconds of one core. */
const small = european({ maxPaths: '160000000', shards: 2 });

const compared = ({ stopReason, resultDigest, estimates }: JobResult) => ({ stopReason, resultDigest, estimates });

const startShards = async (t: TestContext, platform: PodPlatform, jobId: string) => {
  const variables = {
    SIMFLEET_URL: platform.url,
    SIMFLEET_JOB_ID: jobId,
    SIMFLEET_ATTEMPT: '',
    SIMFLEET_TOKEN_FILE: await platform.tokenFile(jobId),
  };
  return (shard: number, more: Readonly<Record<string, string>> = {}, program?: string): Pod =>
    startPod(t, { ...variables, SIMFLEET_SHARD: String(shard), ...more }, program);
};

const embedded = async (t: TestContext): Promise<JobResult> => {
  const { client } = await openScene(t);
  return client.result((await client.create(small)).id);
};

const blocks = async ({ client }: PodPlatform, id: string): Promise<number> => (await client.job(id)).progress.blocks;

const writeTree = fileURLToPath(new URL('../../hack/images/write-tree.ts', import.meta.url));

/** The program of a runner image whose engine is of another release. */
const runnerWithAnotherKernel = (t: TestContext): string => {
  const { path } = temporaryDirectory(t);
  execFileSync(process.execPath, [writeTree, '--image', 'runner', '--out', path], { stdio: 'pipe' });
  const hashes = join(path, 'packages/simulation/src/engines/kernel-hashes.ts');
  const another = `$1'${'0'.repeat(64)}'`;
  writeFileSync(hashes, readFileSync(hashes, 'utf8').replace(/('european-option':\s*)'[0-9a-f]{64}'/, another));
  return join(path, 'packages/simulation/src/container/shard-main.ts');
};

test('pods work for a platform', { skip: podPlatformMissing() }, async (suite) => {
  const platform = await openPodPlatform(suite);

  await suite.test('to the digest of an embedded run, though one is asked to leave and one is killed', async (t) => {
    const expected = await embedded(t);
    const { id } = await platform.client.create(small);
    const start = await startShards(t, platform, id);

    const first = start(0);
    await until('the first blocks', async () => (await blocks(platform, id)) > 0, 30_000);
    first.kill('SIGTERM');
    assert.deepEqual(await first.ended, { code: 143, signal: null });
    const handedIn = Number(/left when asked: (\d+) blocks accepted/.exec(first.output())?.[1]);
    assert.equal(await blocks(platform, id), handedIn, 'what it had done is in the ledger');

    const second = start(0);
    await until('blocks of the next pod', async () => (await blocks(platform, id)) > handedIn, 30_000);
    second.kill('SIGKILL');
    assert.equal((await second.ended).signal, 'SIGKILL');

    const rest = [start(0), start(1)];
    for (const pod of rest) assert.deepEqual(await pod.ended, { code: 0, signal: null }, pod.output());
    assert.deepEqual(compared(await platform.client.result(id)), compared(expected));
    assert.ok(rest.every((pod) => pod.output().includes('european-option, seed 42')));
  });

  await suite.test('and say in their output and by their exit code what is wrong', async (t) => {
    const { id } = await platform.client.create(small);
    const start = await startShards(t, platform, id);
    const anotherRunner = runnerWithAnotherKernel(t);
    const cases = [
      [start(0, { SIMFLEET_TOKEN_FILE: '/nowhere/token' }), 1, /token cannot be read: .*'\/nowhere\/token'/],
      [start(0, { SIMFLEET_URL: '' }), 1, /no pod of a job:\nSIMFLEET_URL is not set/],
      [start(0, { SIMFLEET_JOB_ID: 'another' }), 1, /refused the report: 401/],
      [start(0, { SIMFLEET_TOKEN_FILE: '/dev/null' }), 1, /\/dev\/null is empty/],
      [start(0, {}, anotherRunner), 42, /bound to kernel [0-9a-f]{64} of european-option, this worker has 0{64}/],
    ] as const;
    for (const [pod, code, pattern] of cases) {
      assert.equal((await pod.ended).code, code, pod.output());
      assert.match(pod.output(), pattern);
    }
  });

  await suite.test('by TLS where their Secret vouches for it, and to no other', async (t) => {
    const { url, ca } = await openTlsFront(t, platform.url);
    const { id } = await platform.client.create(european({ maxPaths: '1000000', shards: 1 }));
    const start = await startShards(t, { ...platform, url }, id);
    const stranger = start(0);
    await until('the stranger to complain', () => /cannot report, .*certificate/.test(stranger.output()), 30_000);
    assert.equal(await blocks(platform, id), 0);
    const trusting = start(0, { NODE_EXTRA_CA_CERTS: ca });
    assert.deepEqual(await trusting.ended, { code: 0, signal: null }, trusting.output());
    assert.equal((await platform.client.job(id)).state, 'Succeeded');
  });
});
