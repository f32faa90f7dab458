import type { DesiredState } from '@simfleet/contracts';
import type { CollectionDeclaration } from '@simfleet/storage';

/** What the executor knows of one shard of a job. */
export interface ShardRecord {
  /** Number of the newest attempt; rises over the whole life of the job, extensions included. */
  readonly attempt: number;
  readonly running: boolean;
  /** Failures in a row without an accepted block in between. */
  readonly failures: number;
  /** Why no further attempt follows in this generation; `told-to-stop`: the platform said that the job is over. */
  readonly gaveUp: 'exhausted' | 'bad-input' | 'told-to-stop' | null;
}

/** How far this machine has come in obeying one job. Written by the executor alone. */
export interface RunDocument {
  readonly customer: string;
  readonly jobId: string;
  readonly generation: number;
  readonly desired: DesiredState;
  /** Shards wanted. */
  readonly shards: number;
  readonly backoffLimitPerIndex: number;
  /** When the job came here, in milliseconds since 1970: its age in the queue. */
  readonly queuedAt: number;
  /** Something is left to do: wanted to run or suspended, or a shard has not ended yet. Start-up reads these only. */
  readonly active: boolean;
  /** Version of the job that was obeyed last: an older or equal one has been seen. */
  readonly seen: number;
  /** By shard index in decimal; only shards that have run. */
  readonly attempts: Readonly<Record<string, ShardRecord>>;
}

export const runCollection: CollectionDeclaration = {
  name: 'local_runs',
  fields: {
    active: { path: ['active'], type: 'boolean' },
    queuedAt: { path: ['queuedAt'], type: 'number' },
  },
  sorts: ['queuedAt'],
  // Few of all the runs there ever were are active.
  indexes: [{ equal: ['active'], sort: 'queuedAt' }],
};

export const unstarted: ShardRecord = { attempt: 0, running: false, failures: 0, gaveUp: null };

export const shardRecord = (run: RunDocument, shard: number): ShardRecord => run.attempts[String(shard)] ?? unstarted;
