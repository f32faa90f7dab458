import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openNatsBus } from '@simfleet/bus-nats';
import type { JobResult } from '@simfleet/contracts';
import { openPostgresStorage } from '@simfleet/storage-postgres';
import { postgresMissing, startNats, startPostgres, until } from '@simfleet/testing';
import { followEvents } from '../../services/jobs/test/support/events.ts';
import type { ToldEvent } from '../../services/jobs/test/support/events.ts';
import { startFleet } from '../../services/jobs/test/support/fleet.ts';
import type { Fleet } from '../../services/jobs/test/support/fleet.ts';
import { createJob, smallSpec } from '../../services/jobs/test/support/platform.ts';
import { openShard, work } from '../../services/jobs/test/support/shard.ts';

const skip = postgresMissing() ?? false;

/** In earnest: what the platform runs with. */
const timing = { beatMs: 500, validMs: 2000, deadMs: 2500 };

const servers = async (t: TestContext) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const nats = await startNats(t, { syncAlways: false });
  return { postgres, nats };
};

/** Replicas with connections of their own to a database and a bus that they share. */
const fleetOf = async (t: TestContext, at: Awaited<ReturnType<typeof servers>>, count: number): Promise<Fleet> => {
  const url = await at.postgres.createDatabase();
  const namespace = `r${count}-${Math.trunc(performance.now())}`;
  const open = async () => ({
    storage: await openPostgresStorage({ url }),
    bus: await openNatsBus({ url: at.nats.url, namespace }),
  });
  return startFleet(t, { count, open, timing });
};

const thresholds = [{ name: 'high', metric: 'price', above: '9' }];
const spec = smallSpec({ maxPaths: '60050', shards: 3, thresholds });

const run = async (fleet: Fleet, kills: number) => {
  const { id } = await createJob(fleet.balancer, spec);
  const token = await fleet.balancer.tokenFor(id);
  const shards = await Promise.all([0, 1, 2].map((shard) => openShard(fleet.balancer, id, token, shard)));
  const seen: ToldEvent[] = [];
  const tookMs: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    for (const shard of shards) await shard.step();
    const follower = followEvents(fleet.balancer, id, seen.at(-1)?.id ?? 0);
    seen.push(...(await follower.some(2)));
    await follower.close();
    const holder = await until('somebody folds the job', () => fleet.holder(id));
    fleet.pause(holder);
    const start = performance.now();
    await until('a lease from another replica', async () => {
      const replies = await Promise.all(shards.map((shard) => shard.step()));
      return replies.some(({ lease }) => lease !== null);
    });
    tookMs.push(performance.now() - start);
    fleet.resume(holder);
  }
  const rest = followEvents(fleet.balancer, id, seen.at(-1)?.id ?? 0).all();
  await Promise.all(shards.map(work));
  seen.push(...(await rest));
  const { body } = await fleet.balancer.call<JobResult>('GET', `/v1/jobs/${id}/result`);
  const whole = await followEvents(fleet.balancer, id).all();
  return { result: body, seen, whole, tookMs };
};

test('on PostgreSQL and NATS, 1, 2 and 3 replicas give one digest, with take-overs within 5 s', { skip }, async (t) => {
  const at = await servers(t);
  const alone = await run(await fleetOf(t, at, 1), 0);
  assert.match(alone.result.resultDigest ?? '', /^[0-9a-f]{64}$/);
  for (const [count, kills] of [
    [2, 1],
    [3, 2],
  ] as const) {
    const { result, seen, whole, tookMs } = await run(await fleetOf(t, at, count), kills);
    t.diagnostic(`${count} replicas: a lease moved in ${tookMs.map((ms) => `${Math.round(ms)} ms`).join(', ')}`);
    assert.equal(result.resultDigest, alone.result.resultDigest);
    assert.deepEqual(result.thresholds, alone.result.thresholds);
    assert.ok(tookMs.every((ms) => ms < 5_000));
    assert.deepEqual(seen, whole, 'a client that went from replica to replica missed and repeated nothing');
    assert.deepEqual(
      whole.map(({ id }) => id),
      whole.map((_, index) => index + 1),
    );
  }
});
