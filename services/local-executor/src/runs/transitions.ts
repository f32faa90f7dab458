import type { JobChanged } from '@simfleet/contracts';
import { shardRecord } from './run-document.ts';
import type { RunDocument, ShardRecord } from './run-document.ts';

/** How an attempt ended, as the executor saw it. */
export interface AttemptEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly message: string;
  /** Blocks that the platform accepted from this attempt. */
  readonly accepted: number;
  /** The executor asked it to leave, or died with it: no fault of the shard. */
  readonly expected: boolean;
}

/** The run after the job changed. A new generation forgives failures; attempt numbers go on rising. */
export const obeyed = (run: RunDocument | null, job: JobChanged, version: number, now: number): RunDocument => {
  const fresh = run === null || run.generation !== job.generation;
  return withActivity({
    customer: job.customer,
    jobId: job.jobId,
    generation: job.generation,
    desired: job.deleted ? 'stop' : job.desired,
    shards: job.shards,
    backoffLimitPerIndex: job.backoffLimitPerIndex,
    queuedAt: fresh ? now : run.queuedAt,
    active: true,
    seen: version,
    attempts: run === null ? {} : fresh ? forgiven(run.attempts) : run.attempts,
  });
};

const forgiven = (attempts: RunDocument['attempts']): RunDocument['attempts'] =>
  Object.fromEntries(
    Object.entries(attempts).map(([shard, record]) => [shard, { ...record, failures: 0, gaveUp: null }]),
  );

/** Marks the next attempt of the shard as running. */
export const attemptStarted = (run: RunDocument, shard: number): RunDocument => {
  const record = shardRecord(run, shard);
  return withShard(run, shard, { ...record, attempt: record.attempt + 1, running: true });
};

/** An accepted block ends a row of failures. An attempt of an older generation says nothing about this one. */
export const attemptEnded = (run: RunDocument, shard: number, end: AttemptEnd, generation: number): RunDocument => {
  const record = shardRecord(run, shard);
  if (generation !== run.generation) return withShard(run, shard, { ...record, running: false });
  const failures = (end.accepted > 0 ? 0 : record.failures) + (isFailure(end) ? 1 : 0);
  const exhausted = failures > run.backoffLimitPerIndex;
  const gaveUp =
    end.exitCode === 0 ? 'told-to-stop' : end.exitCode === 42 ? 'bad-input' : exhausted ? 'exhausted' : record.gaveUp;
  return withShard(run, shard, { ...record, running: false, failures, gaveUp });
};

/** 143 says that somebody asked the shard to leave: a disruption, whoever it was. */
export const isFailure = (end: AttemptEnd): boolean => !end.expected && end.exitCode !== 0 && end.exitCode !== 143;

/**
 * Shards that run or may be started, as indexes in order: none unless the job is to run, and none once one shard was told to stop or has
 * found the input bad, since that holds for all of them and the job's end is on its way here.
 */
export const wantedShards = (run: RunDocument): readonly number[] => {
  const records = Object.values(run.attempts);
  if (run.desired !== 'run' || records.some(({ gaveUp }) => gaveUp === 'told-to-stop' || gaveUp === 'bad-input'))
    return [];
  return Array.from({ length: run.shards }, (_, shard) => shard).filter(
    (shard) => shardRecord(run, shard).gaveUp === null,
  );
};

const withShard = (run: RunDocument, shard: number, record: ShardRecord): RunDocument =>
  withActivity({ ...run, attempts: { ...run.attempts, [String(shard)]: record } });

const withActivity = (run: RunDocument): RunDocument => ({
  ...run,
  active: run.desired !== 'stop' || Object.values(run.attempts).some(({ running }) => running),
});
