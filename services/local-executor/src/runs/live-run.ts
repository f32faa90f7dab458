import type { TraceContext } from '@simfleet/contracts';
import type { WorkerProcess } from '../pool/worker-process.ts';
import type { Standing } from '../placement/next-moves.ts';
import type { RunDocument } from './run-document.ts';
import type { RunRecord } from './run-record.ts';
import { wantedShards } from './transitions.ts';

/** A slot that a shard holds, from the decision to start it until its attempt has ended. */
export interface Slot {
  readonly shard: number;
  /** Generation of the job that the attempt belongs to. */
  readonly generation: number;
  /** Asked to leave. */
  leaving: boolean;
  /** Null while token and process are being fetched. */
  worker: WorkerProcess | null;
}

/** A run in memory: its record, and what dies with the platform. */
export interface LiveRun {
  readonly record: RunRecord;
  readonly slots: Map<number, Slot>;
  /** Monotonic milliseconds before which a shard is not started again, after a failure. */
  readonly notBefore: Map<number, number>;
  /** The same for all shards of the run: the token could not be registered. */
  pausedUntil: number;
  /** Path of the token file; per generation, made at the first start. */
  token: Promise<string | null> | null;
  /** Set while the last traces are cleared away. */
  clearing: Promise<void> | null;
  deleted: boolean;
  /** Of the last event that was obeyed: shards are started for it, whoever frees the slot. */
  trace: TraceContext | undefined;
}

export const liveRun = (record: RunRecord): LiveRun => ({
  record,
  slots: new Map(),
  notBefore: new Map(),
  pausedUntil: 0,
  token: null,
  clearing: null,
  deleted: false,
  trace: undefined,
});

/** Shards that could start at `now`, lowest first. */
export const startable = (run: LiveRun, now: number): readonly number[] =>
  now < run.pausedUntil
    ? []
    : wantedShards(run.record.current).filter(
        (shard) => !run.slots.has(shard) && now >= (run.notBefore.get(shard) ?? 0),
      );

/** Shards that hold a slot which the job, as it is now, has no use for. */
export const unwanted = (run: LiveRun): readonly Slot[] => {
  const wanted = new Set(wantedShards(run.record.current));
  const { generation } = run.record.current;
  return [...run.slots.values()].filter(
    (slot) => !slot.leaving && (!wanted.has(slot.shard) || slot.generation !== generation),
  );
};

export const standingOf = (run: LiveRun, now: number): Standing => {
  const { jobId, customer, queuedAt }: RunDocument = run.record.current;
  const slots = [...run.slots.values()];
  const leaving = slots.filter((slot) => slot.leaving).length;
  return {
    jobId,
    customer,
    order: queuedAt,
    running: slots.length,
    leaving,
    wanted: slots.length - leaving + startable(run, now).length,
  };
};

/** The next moment at which a shard that waits after a failure may start; null when none does. */
export const nextChance = (run: LiveRun, now: number): number | null => {
  const waits = wantedShards(run.record.current)
    .filter((shard) => !run.slots.has(shard))
    .map((shard) => Math.max(run.pausedUntil, run.notBefore.get(shard) ?? 0))
    .filter((time) => time > now);
  return waits.length === 0 ? null : Math.min(...waits);
};
