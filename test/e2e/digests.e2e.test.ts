import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JobResult } from '@simfleet/contracts';
import type { Client } from './client.ts';
import type { PlatformProcess } from './platform.ts';
import { european, openScene } from './scene.ts';

/** About 250 blocks of a European option, ended by its precision: the blocks run ahead of the look that ends the job are not in the digest. */
const job = (shards: number) =>
  european({ shards, precision: { metric: 'price', relativeError: '0.000125', confidence: '0.99' } });

const run = async (client: Client, shards: number): Promise<JobResult> => {
  const { id } = await client.create(job(shards));
  return client.result(id);
};

const compared = (result: JobResult) => [
  result.stopReason,
  result.provenance.blocks,
  result.resultDigest,
  result.estimates,
];

test('the digest is the same for 1, 2, 7 and 64 shards, and when shards are killed at random for half a minute', async (context) => {
  const killed = runUnderKills(context);
  const { client } = await openScene(context, { slots: 64 });
  const reference = await run(client, 2);
  assert.ok(reference.provenance.blocks >= 200);
  assert.equal(reference.stopReason, 'PrecisionReached');
  for (const shards of [1, 7, 64]) assert.deepEqual(compared(await run(client, shards)), compared(reference));
  assert.deepEqual(compared(await killed), compared(reference));
});

const runUnderKills = async (context: TestContext): Promise<JobResult> => {
  const { client, platform } = await openScene(context);
  const { id } = await client.create(job(2));
  const result = client.result(id);
  const kills = await killShards(platform, client, id);
  const { state, progress } = await client.job(id);
  context.diagnostic(`${kills} kills; ${progress.blocks} blocks done meanwhile`);
  assert.notEqual(state, 'Succeeded');
  assert.ok(kills >= leastKills);
  return result;
};

/** Time in which shards are killed, and longest time between two kills, in milliseconds. */
const killingMs = 30_000;
const longestQuietMs = 400;

/** Kills in a run at least, and the longest time for them: on a busy machine a shard that is killed before its first block is started again ever later. */
const leastKills = 10;
const longestKillingMs = 4 * killingMs;

/** Blocks that the job may have done when its half minute is over: less than half of what it needs, whatever the machine. */
const blocksAtTheEnd = 100;

/** Kills processes of shards at random moments; suspends the job while it is ahead of its half minute, or a fast machine would end it before. */
const killShards = async (platform: PlatformProcess, client: Client, id: string): Promise<number> => {
  const started = performance.now();
  let kills = 0;
  const goesOn = (elapsed: number): boolean =>
    elapsed < killingMs || (kills < leastKills && elapsed < longestKillingMs);
  for (let elapsed = 0; goesOn(elapsed); elapsed = performance.now() - started) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * longestQuietMs));
    const { state, progress } = await client.job(id);
    const ahead = progress.blocks / blocksAtTheEnd > Math.min(1, elapsed / killingMs);
    if (ahead !== (state === 'Suspended')) await client.act(id, ahead ? 'suspend' : 'resume');
    const victims = platform.shardPids().filter(() => Math.random() < 0.5);
    victims.forEach((pid) => process.kill(pid, 'SIGKILL'));
    kills += victims.length;
  }
  await client.act(id, 'resume');
  return kills;
};
