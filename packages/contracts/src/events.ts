import { z } from 'zod';
import { estimate, jobOrigin, jobResource, jobState, progress, stopReason, thresholdStatus } from './jobs.ts';
import { reportReply } from './reports.ts';
import { identifier, maxCount, name } from './scalars.ts';
import { jobSpec } from './simulation-job.ts';

/** What executors obey. */
export const desiredState = z.enum(['run', 'suspend', 'stop']);
export type DesiredState = z.infer<typeof desiredState>;

const jobChanged = z.strictObject({
  jobId: z.string(),
  name,
  customer: name,
  state: jobState,
  stopReason: stopReason.nullable(),
  desired: desiredState,
  shards: z.int(),
  backoffLimitPerIndex: z.int(),
  /** Rises when an extension or restart asks for a fresh set of shards: attempts of older generations are over. */
  generation: z.int(),
  /** The record is gone: executors remove tokens and logs. */
  deleted: z.boolean(),
  /** Absent, as are the members below, in events of earlier versions. */
  origin: jobOrigin.optional(),
  /** Null unless the origin is `kubernetes`. */
  resource: jobResource.nullable().optional(),
  /** `container`: only a cluster can run it. */
  engine: identifier.optional(),
});
export type JobChanged = z.infer<typeof jobChanged>;

const shard = z.strictObject({
  jobId: z.string(),
  customer: name,
  generation: z.int(),
  shard: z.int(),
  attempt: z.int(),
});
const shardEnded = shard.extend({
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** No further attempt follows: the shard's retries are used up. */
  exhausted: z.boolean(),
  /** Last lines of its standard error: hints for a person. */
  message: z.string().max(4096),
});
export type ShardStarted = z.infer<typeof shard>;
export type ShardEnded = z.infer<typeof shardEnded>;

/** Event types and the shape of their `data`. A breaking change is a new type. */
export const eventData = {
  'dev.simfleet.job.changed.v1': jobChanged,
  'dev.simfleet.job.threshold-crossed.v1': z.strictObject({
    jobId: z.string(),
    name,
    customer: name,
    threshold: thresholdStatus,
  }),
  'dev.simfleet.shard.started.v1': shard,
  'dev.simfleet.shard.ended.v1': shardEnded,
} as const;
export type EventType = keyof typeof eventData;
export type EventData<Type extends EventType> = z.infer<(typeof eventData)[Type]>;

/**
 * A fact that something happened, in CloudEvents 1.0 form. (`source`, `sourceversion`) orders the events of one aggregate and makes
 * an event safe to see twice: consumers record the pair in the write of their effect.
 *
 * `traceparent` and `tracestate`: what the event was written for, as CloudEvents' distributed tracing extension has them
 * (github.com/cloudevents/spec, extensions/distributed-tracing.md). Background work and earlier versions write none; read them with `traceContext`.
 */
export type SimfleetEvent<Type extends EventType = EventType> = {
  [Each in Type]: {
    readonly specversion: '1.0';
    readonly id: string;
    /** The aggregate, as a path: `/jobs/{id}`. */
    readonly source: string;
    /** Version of the aggregate that carries the event, as an integer ≥ 1. */
    readonly sourceversion: number;
    readonly type: Each;
    readonly time: string;
    readonly customer: string;
    readonly datacontenttype: 'application/json';
    readonly traceparent?: string;
    readonly tracestate?: string;
    readonly data: EventData<Each>;
  };
}[Type];

/** What the process that folds a job knows of it. */
const jobLook = z.strictObject({
  jobId: z.string(),
  /** Run that it is of. */
  run: z.int(),
  progress,
  estimates: z.array(estimate),
  thresholds: z.array(thresholdStatus),
  /** Thresholds that were crossed and are not marked so in the job yet. */
  crossings: z.array(z.strictObject({ mark: z.string(), threshold: thresholdStatus })),
});
export type JobLook = z.infer<typeof jobLook>;

/** Requests that services answer on the bus. */
export const requests = {
  /** An executor registers the SHA-256 (hex) of the job token it drew, before it starts a shard. */
  'jobs.register-token': {
    request: z.strictObject({ jobId: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
    reply: z.strictObject({ accepted: z.boolean() }),
  },
  /**
   * A replica that took a shard's report asks the one that folds the job to steer the shard. The blocks are in the ledger already: results never go this
   * way, which has room for small messages only.
   */
  'jobs.steer': {
    request: z.strictObject({
      jobId: z.string(),
      shard: z.int(),
      attempt: z.int(),
      describe: z.boolean(),
      release: z.boolean(),
      blocks: z.array(z.int().min(0).max(maxCount)).max(10_000),
      /** Position in the ledger up to which there is something to read; 0 = nothing. */
      through: z.int().min(0),
    }),
    /** Null: the one that was asked does not fold the job. */
    reply: z.strictObject({ reply: reportReply.nullable(), prefix: z.int().min(0) }),
  },
  /** What the replica that folds jobs knows of them; with `open` it makes the folds that it has not made yet. */
  'jobs.look': {
    request: z.strictObject({ jobIds: z.array(z.string()).max(1000), open: z.boolean() }),
    /** `elsewhere`: jobs that it does not fold. Jobs that have no fold are in neither. */
    reply: z.strictObject({ looks: z.array(jobLook), elsewhere: z.array(z.string()) }),
  },
  /** Asks the operator to change the spec of a SimulationJob; what becomes of the job follows when the operator brings the change back. */
  'operator.patch-resource': {
    request: z.strictObject({
      resource: jobResource,
      /** JSON merge patch (RFC 7396) of its spec. */
      patch: z
        .strictObject({
          suspend: z.boolean(),
          cancelled: z.literal(true),
          maxPaths: jobSpec.shape.maxPaths.unwrap(),
          precision: jobSpec.shape.precision.unwrap(),
        })
        .partial(),
    }),
    /** `message` says, for a person, why it was not accepted; else it is empty. */
    reply: z.strictObject({ accepted: z.boolean(), message: z.string().max(4096) }),
  },
  /** The executor's captured output of a job's shards, oldest first. */
  'executor.read-logs': {
    request: z.strictObject({
      jobId: z.string(),
      shard: z.int().optional(),
      after: z.int().min(0),
      limit: z.int().min(1).max(1000),
    }),
    reply: z.strictObject({
      lines: z.array(
        z.strictObject({
          position: z.int(),
          shard: z.int(),
          attempt: z.int(),
          stream: z.enum(['stdout', 'stderr']),
          time: z.string(),
          text: z.string(),
        }),
      ),
      next: z.int(),
    }),
  },
} as const;
export type RequestSubject = keyof typeof requests;
export type RequestBody<Subject extends RequestSubject> = z.infer<(typeof requests)[Subject]['request']>;
export type ReplyBody<Subject extends RequestSubject> = z.infer<(typeof requests)[Subject]['reply']>;
