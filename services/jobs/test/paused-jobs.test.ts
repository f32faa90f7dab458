import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { DoneBlock, ReportReply } from '@simfleet/contracts';
import type { LimiterStore } from '@simfleet/rate-limit';
import { openMemoryLimiterStore } from '@simfleet/rate-limit/memory';
import { openMemoryStorage } from '@simfleet/storage/memory';
import { fakeClock } from '@simfleet/testing';
import { openProcess, shardEnded } from './support/parts.ts';
import { testQuotas } from './support/quotas.ts';
import { openRunner } from './support/shard.ts';
import type { Runner } from './support/shard.ts';
import { smallEngine } from './support/small-engine.ts';

/** A job of 31 blocks whose shards are played by hand, on a clock that stands still. */
const scene = async (t: TestContext) => {
  const clock = fakeClock();
  const quotas = testQuotas({ paths: 1_000 }, { clock, store: openMemoryLimiterStore({ clock }) });
  let tellChanged = (): void => undefined;
  const onChanged = (listener: () => void): (() => void) => {
    tellChanged = listener;
    return () => undefined;
  };
  let answerMs = 0;
  const store: LimiterStore = {
    ...quotas.store,
    async peek(charge) {
      if (answerMs > 0) await clock.sleep(answerMs);
      return quotas.store.peek(charge);
    },
  };
  const process = await openProcess(openMemoryStorage(), { quotas: { ...quotas, store, onChanged }, clock });
  t.after(async () => {
    answerMs = 0;
    await clock.advance(5);
    await process.stop();
  });
  const { id } = await process.create(1, { shards: 3 });
  /** Blocks that shards worked on, in that order. */
  const ran: number[] = [];
  const job = async () => (await process.store.need(id)).doc;

  /** One attempt of a shard. */
  const shard = async (number: number, attempt: number) => {
    const send = async (body: object): Promise<ReportReply> =>
      process.acceptReport(id, { shard: number, attempt, done: [], ...body });
    let reply = await send({ describe: true });
    assert.ok(reply.task);
    const runner: Runner = openRunner(reply.task, [smallEngine()]);
    const run = (block: number): DoneBlock => {
      ran.push(block);
      return runner.run(block);
    };
    const held = (): readonly number[] =>
      Array.from({ length: reply.lease?.count ?? 0 }, (_, index) => (reply.lease?.first ?? 0) + index);
    return {
      held,
      /** How long it was told to wait. */
      waitMs: (): number => (reply.lease === null ? (reply.retryAfterMs ?? 0) : 0),
      /** Reports what it was given to do. */
      async step(change: object = {}): Promise<ReportReply> {
        return (reply = await send('done' in change ? change : { done: held().map(run), ...change }));
      },
      /** Works until the job is over. Answers for how many milliseconds it was told to wait. */
      async toEnd(): Promise<number> {
        let waitedMs = 0;
        while (reply.action !== 'stop') {
          const waitMs = this.waitMs();
          waitedMs += waitMs;
          await clock.advance(waitMs);
          await this.step();
        }
        return waitedMs;
      },
    };
  };

  return {
    ...{ clock, quotas, job, shard, ran },
    async raise() {
      quotas.limits.paths = 1_000_000;
      tellChanged();
      await clock.advance(0);
      // From now on the store takes its time, as one on the network does.
      answerMs = 5;
      await clock.advance(1);
    },
    ended: (number: number) => process.handleShardEvent(shardEnded(id, number, 1)),
  };
};

const undisturbed = async (t: TestContext): Promise<string | null | undefined> => {
  const { quotas, job, shard } = await scene(t);
  quotas.limits.paths = null;
  await (await shard(0, 1)).toEnd();
  return (await job()).result?.resultDigest;
};

for (const [title, pausedMs] of [
  ['long after it was paused', 60_000],
  ['in the moment after it was paused', 100],
] as const)
  test(`a job whose budget of paths is raised ${title} goes on at once, with the blocks that its shards gave back`, async (t) => {
    const { clock, quotas, job, shard, raise, ended, ran } = await scene(t);
    const [works, leaves, dies] = [await shard(0, 1), await shard(1, 1), await shard(2, 1)];
    await quotas.spend(1_000);
    for (let reports = 0; (await job()).place !== 'paused'; reports++) {
      assert.ok(reports < 20, 'the job is not paused');
      await works.step();
      await clock.advance(250);
    }
    // As executors stop shards: one is asked to, of another the end is seen.
    const given = [...leaves.held(), ...dies.held()];
    assert.equal(given.length, 4);
    assert.equal((await works.step({ release: true })).lease, null);
    assert.equal((await leaves.step({ done: [], release: true })).lease, null);
    await ended(2);
    await clock.advance(pausedMs);
    await raise();
    assert.equal((await job()).place, 'runs');
    const [next, other] = await Promise.all([shard(0, 2), shard(1, 2)]);
    const told = [next.waitMs(), other.waitMs()];
    await other.step({ done: [], release: true });
    told.push(await next.toEnd());
    assert.ok(Math.max(...told) <= 50, `shards were told to wait for ${told.join(', ')} ms`);
    const { state, result } = await job();
    assert.deepEqual([state, result?.resultDigest], ['Succeeded', await undisturbed(t)]);
    // What was leased and not done was done once, by whoever got it then.
    assert.deepEqual(
      ran.sort((one, two) => one - two),
      Array.from({ length: 31 }, (_, block) => block),
    );
  });
