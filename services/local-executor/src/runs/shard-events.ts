import type { EventData, ShardStarted, TraceContext } from '@simfleet/contracts';
import type { NewEvent } from '@simfleet/storage';
import type { RunDocument } from './run-document.ts';
import { shardRecord } from './run-document.ts';
import type { AttemptEnd } from './transitions.ts';

export interface EventMaker {
  readonly newId: () => string;
  readonly now: () => number;
  /** What the shard runs for; events carry it. */
  readonly trace: () => TraceContext | undefined;
}

/** Longest message of an event, in characters. */
const messageLimit = 4096;

const envelope = (run: RunDocument, { newId, now, trace }: EventMaker) =>
  ({
    specversion: '1.0',
    id: newId(),
    source: `/local-runs/${run.jobId}`,
    time: new Date(now()).toISOString(),
    customer: run.customer,
    datacontenttype: 'application/json',
    ...trace(),
  }) as const;

const subject = (run: RunDocument, shard: number): ShardStarted => ({
  jobId: run.jobId,
  customer: run.customer,
  generation: run.generation,
  shard,
  attempt: shardRecord(run, shard).attempt,
});

/** `run` is the state after the attempt has started. */
export const shardStarted = (run: RunDocument, shard: number, maker: EventMaker): NewEvent => ({
  ...envelope(run, maker),
  type: 'dev.simfleet.shard.started.v1',
  data: subject(run, shard),
});

/** `run` is the state after the attempt has ended, `generation` the one it belonged to. */
export const shardEnded = (
  run: RunDocument,
  shard: number,
  generation: number,
  end: AttemptEnd,
  maker: EventMaker,
): NewEvent => {
  const data: EventData<'dev.simfleet.shard.ended.v1'> = {
    ...subject(run, shard),
    generation,
    exitCode: end.exitCode,
    signal: end.signal,
    exhausted: shardRecord(run, shard).gaveUp === 'exhausted',
    message: end.message.slice(-messageLimit),
  };
  return { ...envelope(run, maker), type: 'dev.simfleet.shard.ended.v1', data };
};
