import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, JobResult } from '@simfleet/contracts';
import { isAlive, temporaryDirectory, until } from '@simfleet/testing';
import { recordRun } from './chaos-record.ts';
import { openClient } from './client.ts';
import type { Client, JobInput } from './client.ts';
import { startPlatform } from './platform.ts';
import type { PlatformProcess } from './platform.ts';
import { european, openScene } from './scene.ts';

const thorough = process.env['SIMFLEET_CHAOS'] === '1';
const kills = thorough ? 50 : 10;
/** Longest time between the platform being ready and its death, in milliseconds. */
const longestLifeMs = 2_000;

const precise = (seed: number): JobInput =>
  european({ seed: String(seed), precision: { metric: 'price', relativeError: '0.0002', confidence: '0.99' } });
const trivial = (seed: number): JobInput => european({ seed: String(seed), maxPaths: '1000', shards: 1 });
/** Different jobs of each kind; more would only repeat them. */
const kinds = 3;

/** What a job with these bounds answers when nobody disturbs it. */
const undisturbed = async (client: Client): Promise<ReadonlyMap<string, string | null>> => {
  const digests = new Map<string, string | null>();
  for (let seed = 0; seed < kinds; seed++) {
    for (const [kind, input] of [
      ['precise', precise(seed)],
      ['trivial', trivial(seed)],
    ] as const) {
      const { id } = await client.create(input);
      digests.set(`${kind} ${seed}`, (await client.result(id)).resultDigest);
    }
  }
  return digests;
};

interface Followed {
  readonly result: JobResult;
  readonly events: number;
  readonly connections: number;
}

/** Follows a job to its result over as many connections as it takes; every event must come exactly once, in order. */
const follow = async (client: () => Client, id: string): Promise<Followed> => {
  let last = 0;
  for (let connections = 1; ; connections++) {
    try {
      for await (const { id: position, event } of client().events(id, last)) {
        assert.equal(position, last + 1, `event ${last + 1} of ${id} was missed or doubled`);
        last = position;
        if (event.type === 'result') return { result: event.result, events: last, connections };
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    await pause(20);
  }
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends the same request with the same key until it is answered: however often that takes, there must be one job. */
const createSurely = async (client: () => Client, input: JobInput, key: string): Promise<string> => {
  for (;;) {
    try {
      const { status, body } = await client().request('POST', '/v1/jobs', input, { 'idempotency-key': key });
      if (status === 201) return (body as Job).id;
      assert.ok(status === 409 || status === 503, `status ${status}: ${JSON.stringify(body)}`);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    await pause(20);
  }
};

test(`${kills} kills of the platform lose no job, and miss and double no event`, async (context) => {
  const { client: calm } = await openScene(context);
  const digests = await undisturbed(calm);

  const { path: dataDir } = temporaryDirectory(context);
  let platform: PlatformProcess = await startPlatform({ dataDir, slots: 2 });
  context.after(() => platform.stop());
  const port = Number(new URL(platform.url).port);
  const client = (): Client => openClient(platform);
  const jobs: { readonly kind: string; readonly id: string; readonly followed: Promise<Followed> }[] = [];
  let over = false;

  const keepBusy = async (kind: string, input: (seed: number) => JobInput): Promise<void> => {
    for (let number = 0; !over; number++) {
      const seed = number % kinds;
      const id = await createSurely(client, input(seed), `${kind}-${number}`);
      const followed = follow(client, id);
      jobs.push({ kind: `${kind} ${seed}`, id, followed });
      await followed;
    }
  };
  const busy = Promise.all([keepBusy('precise', precise), keepBusy('trivial', trivial)]);

  for (let kill = 0; kill < kills; kill++) {
    await pause(Math.random() * longestLifeMs);
    const orphans = platform.shardPids();
    await platform.kill();
    const restarted = startPlatform({ dataDir, slots: 2, port });
    await until('shards die with their platform', () => orphans.every((pid) => !isAlive(pid)));
    platform = await restarted;
  }
  over = true;
  await busy;

  const all = await Promise.all(jobs.map(async ({ kind, id, followed }) => ({ kind, id, ...(await followed) })));
  for (const { kind, id, result } of all) assert.equal(result.resultDigest, digests.get(kind), `${kind}: ${id}`);
  const listed = (await client().request('GET', '/v1/jobs?limit=1000')).body as { readonly items: readonly Job[] };
  assert.deepEqual(new Set(listed.items.map(({ id }) => id)), new Set(all.map(({ id }) => id)));
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);

  const events = all.reduce((sum, each) => sum + each.events, 0);
  const resumed = all.reduce((sum, each) => sum + each.connections - 1, 0);
  const summary = `${kills} kills, ${all.length} jobs, ${events} events, ${resumed} reconnections tried: none lost, none doubled, all digests equal`;
  context.diagnostic(summary);
  if (thorough) recordRun('The platform in one process', [`outcome: ${summary}`]);
});
