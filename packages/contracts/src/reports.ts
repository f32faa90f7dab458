import { z } from 'zod';
import { identifier, maxCount, maxShards, timestamp, u64 } from './scalars.ts';

const finite = z.number();
const blockIndex = z.int().min(0).max(maxCount);

/**
 * Moments of one metric over one block, for any sampling engine.
 * With a control variate g beside the sample a: `m2` = Σ(a−ā)², `control.m2` = Σ(g−ḡ)², `control.cross` = Σ(a−ā)(g−ḡ).
 */
export const moments = z
  .strictObject({
    mean: finite,
    m2: finite.min(0),
    /** Paths whose sample is not 0: a block of zero pay-offs says nothing about precision. */
    nonZero: z.int().min(0).max(maxCount),
    control: z.strictObject({ mean: finite, m2: finite.min(0), cross: finite }).optional(),
  })
  .meta({ id: 'Moments' });
export type Moments = z.infer<typeof moments>;

/** Result of a block: a pure function of (engine and kernel hash, parameters, seed, block index, paths). */
export const blockResult = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('moments'),
      paths: z.int().min(1).max(maxCount),
      metrics: z.record(identifier, moments),
    }),
    /** Exact engines: one count per 2^20 integers, in order. */
    z.strictObject({
      kind: z.literal('counts'),
      counts: z
        .array(
          z
            .int()
            .min(0)
            .max(2 ** 20),
        )
        .min(1)
        .max(4096),
    }),
  ])
  .meta({ id: 'BlockResult' });
export type BlockResult = z.infer<typeof blockResult>;
export type MomentsResult = Extract<BlockResult, { kind: 'moments' }>;
export type CountsResult = Extract<BlockResult, { kind: 'counts' }>;

export const doneBlock = z.strictObject({ block: blockIndex, result: blockResult });
export type DoneBlock = z.infer<typeof doneBlock>;

/** Body of `POST /v1/jobs/{id}/reports`, authenticated by the job token. */
export const report = z.strictObject({
  shard: z
    .int()
    .min(0)
    .max(maxShards - 1),
  /** Rises with every restart of the shard; a report of an older attempt is still accepted, but gets no lease. */
  attempt: z.int().min(0),
  /** Ask for `task` in the reply: the first report of an attempt. */
  describe: z.boolean().default(false),
  /** Give the rest of the lease back: the shard is about to exit. The reply then holds no lease. */
  release: z.boolean().default(false),
  done: z.array(doneBlock).max(10_000).default([]),
});
export type Report = z.infer<typeof report>;
/** A report as a shard writes it, defaults left out. */
export type ReportInput = z.input<typeof report>;

/** What a shard must know to run blocks. */
export const task = z
  .strictObject({
    engine: identifier,
    kernelHash: z.string(),
    parameters: z.record(z.string(), z.json()),
    seed: u64,
    /** Paths of a full block (sampling) or integers of a full block (exact). */
    blockSize: z.int().min(1),
    /** Bound on paths, in units of `blockSize`: the last block is short when it is no multiple. Null = unbounded. */
    maxPaths: z.int().min(1).nullable(),
  })
  .meta({ id: 'Task' });
export type Task = z.infer<typeof task>;

export const lease = z
  .strictObject({ first: blockIndex, count: z.int().min(1), expires: timestamp })
  .meta({ id: 'Lease' });
export type Lease = z.infer<typeof lease>;

export const reportReply = z.strictObject({
  /** `stop` only when the job is terminal; `suspend`: the lease is returned, ask again after `retryAfterMs`. */
  action: z.enum(['continue', 'suspend', 'stop']),
  lease: lease.nullable(),
  /** Set when `lease` is null and the action is not `stop`. */
  retryAfterMs: z.int().min(1).optional(),
  task: task.optional(),
});
export type ReportReply = z.infer<typeof reportReply>;

/** Exit codes of a shard, the same as process and as container. */
export const shardExit = { stopped: 0, badInput: 42, terminated: 143 } as const;
