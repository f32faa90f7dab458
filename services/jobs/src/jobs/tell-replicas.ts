import type { Bus, Unsubscribe } from '@simfleet/bus';
import type { Logger } from '@simfleet/runtime';
import type { Coordinators } from '../estimate/coordinators.ts';
import type { KnownJobs } from '../reports/known-jobs.ts';
import type { FreeShard } from '../shards/handle-shard-event.ts';
import type { JobStore } from './job-store.ts';

export interface TellReplicasParts {
  readonly store: JobStore;
  readonly coordinators: Coordinators;
  readonly known: KnownJobs;
  readonly bus: Pick<Bus, 'broadcast' | 'listen'>;
  readonly logger: Logger;
  /** Names this process. */
  readonly memberId: string;
  /** Whether other processes fold jobs too. */
  readonly shared: boolean;
}

/** What replicas tell each other, at most once. All of it is found without being told, only later. */
export interface TellReplicas {
  readonly freeShard: FreeShard;
  /** Listens to the others. */
  listen(): Promise<Unsubscribe>;
}

interface Hint {
  readonly from: string;
  readonly jobId: string;
  /** Set when a shard ended; else the job was written. */
  readonly shard?: { readonly shard: number; readonly attempt: number };
}

const subject = 'jobs.hints';

export const openTellReplicas = (parts: TellReplicasParts): TellReplicas => {
  const { store, coordinators, known, bus, logger, memberId, shared } = parts;

  const tell = (hint: Omit<Hint, 'from'>): void => {
    if (!shared) return;
    try {
      bus.broadcast(subject, { ...hint, from: memberId } satisfies Hint);
    } catch (error) {
      logger.debug({ err: error }, 'a hint was not sent');
    }
  };

  const free: FreeShard = (jobId, shard, attempt) => coordinators.peek(jobId)?.leases.free(shard, attempt);

  const hear = async ({ jobId, shard }: Hint): Promise<void> => {
    if (shard !== undefined) return free(jobId, shard.shard, shard.attempt);
    known.forget(jobId);
    if (coordinators.peek(jobId) !== undefined) await store.learn(jobId);
  };

  store.onWritten((jobId) => tell({ jobId }));

  return {
    freeShard(jobId, shard, attempt) {
      if (coordinators.peek(jobId) !== undefined) free(jobId, shard, attempt);
      else tell({ jobId, shard: { shard, attempt } });
    },
    listen: () =>
      shared
        ? bus.listen(subject, (message) => {
            const hint = message as Hint;
            if (hint.from === memberId) return;
            hear(hint).catch((error: unknown) => logger.debug({ err: error }, 'a hint was of no use'));
          })
        : Promise.resolve(async () => undefined),
  };
};
