import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Job, JobResult, Page, ReportReply } from '@simfleet/contracts';
import { until } from '@simfleet/testing';
import { jobsCollection } from '../src/jobs/job-document.ts';
import type { JobDocument } from '../src/jobs/job-document.ts';
import { readJob, startFleet } from './support/fleet.ts';
import type { Fleet, FleetOptions, Replica } from './support/fleet.ts';
import { createJob, smallSpec, startPlatform } from './support/platform.ts';
import type { Platform } from './support/platform.ts';
import { openRunner, openShard, report, work } from './support/shard.ts';
import type { Shard } from './support/shard.ts';

/** In earnest. */
const slowTiming = { beatMs: 500, validMs: 2000, deadMs: 2500 };

const resultOf = async (platform: Platform, jobId: string): Promise<JobResult> =>
  (await platform.call<JobResult>('GET', `/v1/jobs/${jobId}/result`)).body;

/** A job with a shard at each replica: the one that is met first folds it. */
const scene = async (
  t: TestContext,
  count: number,
  spec: Record<string, unknown> = {},
  options: Partial<FleetOptions> = {},
) => {
  const fleet = await startFleet(t, { count, ...options });
  const job = await createJob(fleet.balancer, smallSpec({ shards: count, ...spec }));
  const token = await fleet.balancer.tokenFor(job.id);
  const shards: Shard[] = [];
  for (const [at, replica] of fleet.replicas.entries()) shards.push(await openShard(replica, job.id, token, at));
  const holder = fleet.holder(job.id);
  const other = fleet.replicas.find((replica) => replica !== holder);
  if (holder === undefined || other === undefined) throw new Error('nobody folds the job');
  const at = (replica: Replica): Shard => shards[fleet.replicas.indexOf(replica)] as Shard;
  return { fleet, job, token, holder, other, shardAt: at };
};

const sampleDigest = async (t: TestContext, spec: Record<string, unknown>): Promise<string | null> => {
  const platform = await startPlatform(t);
  const { id } = await createJob(platform, spec);
  await work(await openShard(platform, id, await platform.tokenFor(id)));
  return (await resultOf(platform, id)).resultDigest;
};

test('one replica folds a job, whichever replica its shards report to, and no block is leased twice', async (t) => {
  const { fleet, job, holder, other, shardAt } = await scene(t, 3);
  assert.equal(fleet.replicas.filter(({ leases }) => leases.holds(`jobs/${job.id}`)).length, 1);
  const first = shardAt(holder).replies[0]?.lease;
  const second = shardAt(other).replies[0]?.lease;
  assert.ok(
    first && second && (first.first + first.count <= second.first || second.first + second.count <= first.first),
  );
  await Promise.all(fleet.replicas.map((replica) => work(shardAt(replica))));
  const { resultDigest, provenance } = await resultOf(other, job.id);
  assert.equal(provenance.blocks, 31);
  assert.equal(resultDigest, await sampleDigest(t, smallSpec()));
  await until('the lease is given up', () => fleet.holder(job.id) === undefined);
});

test('blocks reported to any replica are in the estimates that every replica shows', async (t) => {
  const { job, holder, other, shardAt } = await scene(t, 2, { maxPaths: '20050' });
  await shardAt(other).step();
  await shardAt(holder).step();
  await shardAt(other).step();
  const [here, there] = [await readJob(holder, job.id), await readJob(other, job.id)];
  assert.ok(here.progress.blocks >= 4, `${here.progress.blocks}`);
  assert.deepEqual([there.progress.blocks, there.estimates], [here.progress.blocks, here.estimates]);
  const list = await other.call<Page<Job>>('GET', '/v1/jobs');
  assert.equal(list.body.items[0]?.progress.blocks, here.progress.blocks);
});

test('a list is answered, without progress, while the replica that folds hangs', async (t) => {
  const { fleet, job, holder, other, shardAt } = await scene(t, 2);
  await shardAt(holder).step();
  fleet.pause(holder);
  const { status, body } = await other.call<Page<Job>>('GET', '/v1/jobs');
  assert.deepEqual([status, body.items[0]?.id], [200, job.id]);
});

test('while the replica that folds hangs, blocks are taken and shards told to wait, until another takes over', async (t) => {
  // Longer than one question to a replica that does not answer.
  const timing = { beatMs: 100, validMs: 1500, deadMs: 1800 };
  const { fleet, job, holder, other, shardAt } = await scene(t, 2, { maxPaths: '20050' }, { timing });
  await shardAt(holder).step();
  fleet.pause(holder);
  const waiting = await shardAt(other).step();
  assert.deepEqual([waiting.action, waiting.lease], ['continue', null]);
  assert.ok((waiting.retryAfterMs ?? 0) > 0);
  const again: ReportReply = await until('a lease from another replica', async () => {
    const reply = await shardAt(other).step({ done: [] });
    return reply.lease === null ? null : reply;
  });
  assert.equal(again.action, 'continue');
  assert.equal(fleet.holder(job.id), other);
  assert.equal((await readJob(other, job.id)).progress.blocks, 4, 'both leases of two blocks');
});

test('a replica that did not see the lease move finds the one that folds now', async (t) => {
  const { fleet, job, holder, shardAt } = await scene(t, 3, { maxPaths: '2000050' });
  const [second, third] = fleet.replicas.filter((replica) => replica !== holder) as [Replica, Replica];
  fleet.pause(holder);
  await until('another folds the job', async () => {
    await shardAt(second).step({ done: [] });
    return fleet.holder(job.id) === second;
  });
  fleet.resume(holder);
  await until('it is back', () => holder.leases.holderOf(`jobs/${job.id}`));
  // The third one looks at the others with each heartbeat; the version of its document counts those.
  const members = await third.storage.collection({ name: 'members', fields: {}, sorts: [] });
  const beats = async (): Promise<number> => (await members.get(third.leases.memberId))?.version ?? 0;
  const before = await beats();
  await until('the third one has seen that', async () => (await beats()) >= before + 3);
  await until('a lease', async () => (await shardAt(third).step({ done: [] })).lease, 3_000);
  assert.equal(fleet.holder(job.id), second);
});

test('a replica that ends hands its jobs over at once, without a shard that waits', async (t) => {
  const { fleet, job, holder, other, shardAt } = await scene(t, 2, { maxPaths: '2000050' }, { timing: slowTiming });
  await shardAt(other).step();
  await holder.leases.close();
  assert.notEqual((await shardAt(other).step()).lease, null);
  assert.equal(fleet.holder(job.id), other);
});

test('a new attempt learns its task though the replica that folds hangs', async (t) => {
  const { fleet, job, token, holder, other } = await scene(t, 2);
  fleet.pause(holder);
  const { body } = await report(other, job.id, token, { shard: 1, attempt: 2, describe: true });
  assert.equal(body.task?.engine, 'small-engine');
});

for (const [count, kills] of [
  [2, 2],
  [3, 4],
] as const) {
  test(`the digest is the same with ${count} replicas and ${kills} take-overs`, async (t) => {
    const spec = smallSpec({ maxPaths: '60050', shards: 3 });
    const fleet = await startFleet(t, { count });
    const { id } = await createJob(fleet.balancer, spec);
    const token = await fleet.balancer.tokenFor(id);
    const shards = await Promise.all([0, 1, 2].map((shard) => openShard(fleet.balancer, id, token, shard)));
    for (let kill = 0; kill < kills; kill += 1) {
      const holder = await until('somebody folds the job', () => fleet.holder(id));
      for (const shard of shards) await shard.step();
      fleet.pause(holder);
      await until('another replica folds the job', async () => {
        for (const shard of shards) await shard.step();
        const there = fleet.holder(id);
        return there !== undefined && there !== holder;
      });
      fleet.resume(holder);
    }
    assert.equal((await readJob(fleet.balancer, id)).state, 'Running', 'take-overs came in the middle');
    await Promise.all(shards.map(work));
    assert.equal((await resultOf(fleet.balancer, id)).resultDigest, await sampleDigest(t, spec));
  });
}

test('a job that is cancelled at another replica ends with what was found, and all its shards stop', async (t) => {
  const { job, holder, other, shardAt } = await scene(t, 2, { maxPaths: '20050' });
  await shardAt(holder).step();
  await shardAt(other).step();
  const before = await readJob(holder, job.id);
  const { status } = await other.call('POST', `/v1/jobs/${job.id}:cancel`);
  assert.equal(status, 200);
  const { estimates, provenance } = await resultOf(other, job.id);
  assert.deepEqual([estimates, provenance.blocks], [before.estimates, before.progress.blocks]);
  assert.equal((await shardAt(holder).step()).action, 'stop');
  assert.equal((await shardAt(other).step()).action, 'stop');
});

test('a job can be cancelled though the replica that folds it hangs', async (t) => {
  const { fleet, job, holder, other, shardAt } = await scene(t, 2, { maxPaths: '20050' });
  await shardAt(holder).step();
  fleet.pause(holder);
  const { status } = await other.call<Job>('POST', `/v1/jobs/${job.id}:cancel`);
  assert.equal(status, 200);
  assert.equal((await resultOf(other, job.id)).provenance.blocks, 2);
  fleet.resume(holder);
  assert.equal((await shardAt(holder).step()).action, 'stop');
});

for (const losesHints of [false, true]) {
  test(`a suspension at another replica reaches the shards${losesHints ? ', though every hint is lost' : ''}`, async (t) => {
    const { fleet, job, holder, other, shardAt } = await scene(t, 2, { maxPaths: '200050' });
    for (const { process } of fleet.replicas) process.losesHints = losesHints;
    await other.call('POST', `/v1/jobs/${job.id}:suspend`);
    await until(
      'the shards are told',
      async () => (await shardAt(holder).step({ done: [] })).action === 'suspend',
      2_000,
    );
    assert.equal((await shardAt(other).step({ done: [] })).action, 'suspend');
    await other.call('POST', `/v1/jobs/${job.id}:resume`);
    await until('the shards work again', async () => (await shardAt(holder).step({ done: [] })).lease !== null, 2_000);
  });
}

test('bounds that one replica widened hold at once for reports to the others', async (t) => {
  const { fleet, job, token, holder, other, shardAt } = await scene(t, 2, { maxPaths: '500' });
  for (const { process } of fleet.replicas) process.losesHints = true;
  await shardAt(holder).step({ done: [] });
  await shardAt(other).step({ done: [] });
  const { body } = await other.call<Job>('POST', `/v1/jobs/${job.id}:extend`, { maxPaths: '9000' });
  assert.equal(body.spec.maxPaths, '9000');
  const runner = openRunner({ ...shardAt(holder).runner.task, maxPaths: 9000 }, holder.engines);
  for (const replica of [holder, other]) {
    const block = replica === holder ? 80 : 81;
    const answer = await report(replica, job.id, token, { shard: 0, attempt: 1, done: [runner.run(block)] });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  }
});

test('a report with mistakes is refused by any replica, and nothing of it is stored', async (t) => {
  const { job, token, holder, other, shardAt } = await scene(t, 2);
  const good = shardAt(holder).runner.run(0);
  for (const replica of [holder, other]) {
    const done = [good, { ...good, block: 31 }];
    const { status, body } = await report(replica, job.id, token, { shard: 0, attempt: 1, done });
    assert.equal(status, 422);
    assert.match(JSON.stringify(body), /"\/done\/1\/block"/);
  }
  assert.equal((await readJob(holder, job.id)).progress.blocksReported, 0);
});

test('a block far ahead of what a replica knows of the prefix is taken, one far ahead of the ledger is not', async (t) => {
  const { job, token, holder, other, shardAt } = await scene(t, 2, { maxPaths: '1000000000' });
  const { run } = shardAt(other).runner;
  const send = (block: number) => report(other, job.id, token, { shard: 0, attempt: 1, done: [run(block)] });
  const done = [run(0), run(1)];
  assert.equal((await report(holder, job.id, token, { shard: 1, attempt: 1, done })).status, 200);
  assert.equal((await send(2 ** 20 + 1)).status, 200);
  assert.equal((await send(2 ** 20 + 9)).status, 422);
});

test('a block that is reported to another replica with other bytes fails the job', async (t) => {
  const { job, token, holder, other, shardAt } = await scene(t, 2);
  const done = shardAt(holder).runner.run(3);
  if (done.result.kind !== 'moments' || done.result.metrics['price'] === undefined) throw new Error('no moments');
  await report(holder, job.id, token, { shard: 0, attempt: 1, done: [done] });
  const metrics = { price: { ...done.result.metrics['price'], mean: 10.5 } };
  const wrong = [{ block: 3, result: { ...done.result, metrics } }];
  assert.equal((await report(other, job.id, token, { shard: 1, attempt: 1, done: wrong })).status, 409);
  assert.equal((await readJob(other, job.id)).stopReason, 'NotReproducible');
  assert.equal((await shardAt(holder).step()).action, 'stop');
});

test('a token that was registered anew at one replica is good at all', async (t) => {
  const { job, token, holder, other } = await scene(t, 2);
  const fresh = await holder.tokenFor(job.id);
  for (const replica of [holder, other]) {
    assert.equal((await report(replica, job.id, fresh, { shard: 0, attempt: 2 })).status, 200);
    assert.equal((await report(replica, job.id, token, { shard: 0, attempt: 2 })).status, 401);
  }
});

test('the end of a shard frees its lease, whichever replica hears of it', async (t) => {
  const { fleet, job, token, holder } = await scene(t, 2);
  const leased = (await report(holder, job.id, token, { shard: 7, attempt: 1 })).body.lease;
  for (let version = 1; version <= 2; version += 1) {
    // Replicas consume in turn, so that one of the two is not the one that folds.
    await holder.bus.publish({
      specversion: '1.0',
      id: `e${version}`,
      source: `/local-runs/${version}`,
      sourceversion: 1,
      type: 'dev.simfleet.shard.ended.v1',
      time: new Date().toISOString(),
      customer: 'default',
      datacontenttype: 'application/json',
      data: {
        ...{ jobId: job.id, customer: 'default', generation: 1, shard: 7, attempt: version },
        ...{ exitCode: 1, signal: null, exhausted: false, message: '' },
      },
    });
    const next = await until('the lease goes to another shard', async () => {
      const { lease } = (await report(holder, job.id, token, { shard: 8, attempt: version, describe: true })).body;
      return lease?.first === leased?.first ? lease : null;
    });
    assert.equal(next.first, leased?.first);
    await report(holder, job.id, token, { shard: 8, attempt: version, release: true });
    await report(holder, job.id, token, { shard: 7, attempt: version + 1, describe: true });
  }
  assert.equal(fleet.holder(job.id), holder);
});

test('a deadline comes about though the replica that created the job died', async (t) => {
  const fleet = await startFleet(t, { count: 2 });
  const [first, second] = fleet.replicas as [Replica, Replica];
  const { id } = await createJob(first, smallSpec({ activeDeadlineSeconds: 1 }));
  await openShard(first, id, await first.tokenFor(id));
  fleet.pause(first);
  // The other one takes the timers over within some hundred milliseconds here, and sweeps at once.
  // Nobody asks it for the job, which would make it look.
  const jobs = await second.storage.collection<JobDocument>(jobsCollection);
  const reason = await until('the deadline', async () => (await jobs.get(id))?.doc.stopReason);
  assert.equal(reason, 'DeadlineExceeded');
});

const activeLeases = async (fleet: Fleet): Promise<number> =>
  await (await fleet.balancer.storage.collection({ name: 'leases', fields: {}, sorts: [] })).count();

test('jobs that are over leave no lease behind', async (t) => {
  const { fleet, job, other, shardAt } = await scene(t, 2);
  await Promise.all(fleet.replicas.map((replica) => work(shardAt(replica))));
  await report(other, job.id, 'x', { shard: 0, attempt: 1 });
  const second = await createJob(other, smallSpec());
  await openShard(other, second.id, await other.tokenFor(second.id));
  await other.call('POST', `/v1/jobs/${second.id}:cancel`);
  const { leases } = other;
  await until('only those of the platform are left', async () => (await activeLeases(fleet)) <= 3);
  assert.equal(leases.holds(`jobs/${job.id}`), false);
});
