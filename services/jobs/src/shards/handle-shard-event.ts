import { shardExit } from '@simfleet/contracts';
import type { SimfleetEvent } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import { system } from '../jobs/end-job.ts';
import type { EndJob } from '../jobs/end-job.ts';
import type { GiveUp } from '../jobs/give-up.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { StartJob } from '../jobs/start-job.ts';

export type ShardEvent = SimfleetEvent<'dev.simfleet.shard.started.v1' | 'dev.simfleet.shard.ended.v1'>;

export type FreeShard = (jobId: string, shard: number, attempt: number) => void;

export interface ShardEventParts {
  readonly store: JobStore;
  /** Frees the leases of a shard that ended, wherever the job is folded. */
  readonly freeShard: FreeShard;
  readonly startJob: StartJob;
  readonly endJob: EndJob;
  readonly giveUp: GiveUp;
}

/**
 * What executors tell about shards. Exit codes are hints, the ledger decides: a shard that ends well says nothing about the job. Handling an
 * event twice changes nothing the second time: (source, version) is recorded in the write of its effect.
 */
export const openShardEvents = ({ store, freeShard, startJob, endJob, giveUp }: ShardEventParts) => {
  const ended = async (event: Extract<ShardEvent, { type: 'dev.simfleet.shard.ended.v1' }>): Promise<void> => {
    const { jobId, shard, attempt, generation, exitCode, exhausted: isExhausted, message } = event.data;
    freeShard(jobId, shard, attempt);
    const stored = await store.collection.get(jobId);
    if (stored === null || isOver(stored.doc) || stored.doc.run !== generation) return;
    if (exitCode === shardExit.badInput) {
      const reason = message === '' ? `shard ${shard} refused the input` : message;
      await endJob(jobId, { reason: 'BadInput', message: reason, by: system });
    } else if (isExhausted) await exhausted(event, stored.id);
  };

  /** A shard that has used up its retries is written down; the job fails with the last of them. */
  const exhausted = async (
    { data, source, sourceversion }: Extract<ShardEvent, { type: 'dev.simfleet.shard.ended.v1' }>,
    jobId: string,
  ): Promise<void> => {
    const job = await store.change(jobId, (job) => {
      const seen = sourceversion <= (job.handled[source] ?? 0);
      if (seen || isOver(job) || job.run !== data.generation) return null;
      const exhaustedShards = [...new Set([...job.exhaustedShards, data.shard])];
      return { doc: { ...job, exhaustedShards, handled: { ...job.handled, [source]: sourceversion } } };
    });
    await giveUp(job, data.message);
  };

  return async (event: ShardEvent): Promise<void> => {
    if (event.type === 'dev.simfleet.shard.ended.v1') return ended(event);
    const job = await store.collection.get(event.data.jobId);
    if (job !== null && job.doc.run === event.data.generation) await startJob(job);
  };
};
