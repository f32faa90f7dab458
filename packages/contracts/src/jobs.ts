import { z } from 'zod';
import { jobSpec, serviceSpec } from './simulation-job.ts';
import { identifier, labels, name, pathCount, positiveDecimal, subdomain, timestamp } from './scalars.ts';

export const jobState = z.enum(['Queued', 'Running', 'Suspended', 'Succeeded', 'Failed', 'Cancelled']);
export type JobState = z.infer<typeof jobState>;
export const stopReason = z.enum([
  'PrecisionReached',
  'Completed',
  'Cancelled',
  'DeadlineExceeded',
  'BadInput',
  'RetriesExhausted',
  'NotReproducible',
  'EngineUnavailable',
]);
export type StopReason = z.infer<typeof stopReason>;
/** Who its spec comes from: a request to the API, or a SimulationJob in a cluster. */
export const jobOrigin = z.enum(['api', 'kubernetes']);
export type JobOrigin = z.infer<typeof jobOrigin>;
/** Quotas that a job may have to wait for. */
export const waitsFor = z.enum(['jobs-running', 'paths']);
export type WaitsFor = z.infer<typeof waitsFor>;
export const verdict = z.enum(['Undecided', 'Crossed', 'NotCrossed']);
export type Verdict = z.infer<typeof verdict>;

const count = z.int().min(0);

/** A metric folded over the contiguous prefix of blocks. Exact engines: standardError 0, ciLow = ciHigh = value. */
export const estimate = z
  .strictObject({
    name: identifier,
    value: z.number(),
    /** Null while fewer than two samples are folded. */
    standardError: z.number().nullable(),
    ciLow: z.number().nullable(),
    ciHigh: z.number().nullable(),
    confidence: z.number(),
    /** Paths in the prefix; for exact engines the integers examined. */
    paths: count,
  })
  .meta({ id: 'Estimate' });
export type Estimate = z.infer<typeof estimate>;

export const thresholdStatus = z
  .strictObject({
    name: identifier,
    verdict,
    /** Estimate at the look that decided; absent while undecided. */
    decidedBy: estimate.optional(),
  })
  .meta({ id: 'ThresholdStatus' });
export type ThresholdStatus = z.infer<typeof thresholdStatus>;

export const progress = z
  .strictObject({
    /** Blocks of the contiguous prefix, and blocks reported in any order. */
    blocks: count,
    blocksReported: count,
    paths: count,
    /** 0 … 1, never falls within one generation of bounds; null while nothing is known. */
    fraction: z.number().min(0).max(1).nullable(),
    pathsPerSecond: z.number().min(0).nullable(),
    remainingSeconds: z.number().min(0).nullable(),
    /** Shards that reported in the last seconds. */
    activeShards: count,
  })
  .meta({ id: 'Progress' });
export type Progress = z.infer<typeof progress>;

/** Progress of a job of which no block is known. */
export const noProgress: Progress = {
  blocks: 0,
  blocksReported: 0,
  paths: 0,
  fraction: null,
  pathsPerSecond: null,
  remainingSeconds: null,
  activeShards: 0,
};

export const reference = z
  .strictObject({
    metric: identifier,
    method: z.string(),
    value: z.number(),
    /** False: the value of a related quantity, such as a control variate, to look at beside the estimate and not to hold it against. */
    comparable: z.boolean().optional(),
  })
  .meta({ id: 'Reference' });
export type Reference = z.infer<typeof reference>;

export const provenance = z
  .strictObject({
    service: z.strictObject({ name, version: z.int() }),
    engine: identifier,
    engineVersion: z.string(),
    kernelHash: z.string(),
    parameters: z.record(z.string(), z.json()),
    seed: z.string(),
    generator: z.string().nullable(),
    blockSize: z.int(),
    /** Blocks of the prefix that the digest covers. */
    blocks: count,
    paths: count,
    platformVersion: z.string(),
  })
  .meta({ id: 'Provenance' });
export type Provenance = z.infer<typeof provenance>;

/** The document that `GET /v1/jobs/{id}/result` answers and `simfleet run -o json` prints. */
export const jobResult = z
  .strictObject({
    job: z.strictObject({ id: z.string(), name, customer: name }),
    state: jobState,
    stopReason,
    /** SHA-256 (hex) as DESIGN §4.4 defines it; null for a job that ended without a full answer. */
    resultDigest: z.string().nullable(),
    estimates: z.array(estimate),
    thresholds: z.array(thresholdStatus),
    /** Closed forms that the engine knows for these parameters. */
    references: z.array(reference),
    provenance,
  })
  .meta({ id: 'JobResult' });
export type JobResult = z.infer<typeof jobResult>;

/** The SimulationJob in a cluster that a job came from. */
export const jobResource = z
  .strictObject({
    /** Given by the API server: never that of another resource, before or after. */
    uid: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a UUID in lower case'),
    namespace: name,
    name: subdomain,
  })
  .meta({ id: 'JobResource' });
export type JobResource = z.infer<typeof jobResource>;

/** Id of the job of a resource: the same whoever asks, however often and after whatever crash. */
export const jobIdOfResource = ({ uid }: Pick<JobResource, 'uid'>): string => `job-${uid}`;

export const createJob = z.strictObject({
  customer: name.default('default'),
  name: name.optional(),
  labels: labels.default({}),
  spec: jobSpec,
  /** From the operator only: the job's spec is that of the resource from then on. */
  resource: jobResource.optional(),
});
export type CreateJob = z.infer<typeof createJob>;

/** JSON merge patch (RFC 7396) over the mutable members. */
export const patchJob = z.strictObject({
  labels: labels.optional(),
  spec: z
    .strictObject({
      shards: jobSpec.shape.shards.unwrap(),
      suspend: z.boolean(),
      cancelled: z.literal(true),
      thresholds: jobSpec.shape.thresholds.unwrap(),
      activeDeadlineSeconds: jobSpec.shape.activeDeadlineSeconds.unwrap().nullable(),
      maxTotalSeconds: jobSpec.shape.maxTotalSeconds.unwrap().nullable(),
      ttlSecondsAfterFinished: jobSpec.shape.ttlSecondsAfterFinished.unwrap().nullable(),
      maxPaths: pathCount,
      precision: jobSpec.shape.precision.unwrap(),
    })
    .partial()
    .optional(),
  /** From the operator only: the resource is gone, and the job belongs to nobody from then on. */
  resource: z.null().optional(),
});
export type PatchJob = z.infer<typeof patchJob>;

/** Body of `POST /v1/jobs/{id}:extend`: at least one bound, each only wider than before. */
export const extendJob = z
  .strictObject({
    maxPaths: pathCount.optional(),
    relativeError: positiveDecimal.optional(),
    absoluteError: positiveDecimal.optional(),
  })
  .refine(
    (value) => Object.values(value).some((bound) => bound !== undefined),
    'needs maxPaths, relativeError or absoluteError',
  );
export type ExtendJob = z.infer<typeof extendJob>;

export const job = z
  .strictObject({
    id: z.string(),
    customer: name,
    name,
    labels,
    origin: jobOrigin,
    /** The resource that its spec comes from; null when there is none, or no more. */
    resource: jobResource.nullable(),
    createdBy: z.string(),
    createdAt: timestamp,
    startedAt: timestamp.nullable(),
    finishedAt: timestamp.nullable(),
    /** Rises with every accepted change of the spec. */
    generation: z.int().min(1),
    /** Rises when wider bounds ask for a fresh set of shards: the `generation` of shard events. */
    run: z.int().min(1),
    spec: jobSpec,
    service: z.strictObject({ name, version: z.int(), engine: identifier, kernelHash: z.string() }),
    state: jobState,
    stopReason: stopReason.nullable(),
    /** Why the job is in this state, for a person. */
    message: z.string().nullable(),
    /** The quota of its customer that a queued job waits for: a place among the running jobs, or paths. Null: it waits for none. */
    waitsFor: waitsFor.nullable(),
    /** Seconds of running, added up over suspensions. */
    accumulatedSeconds: z.number(),
    progress,
    estimates: z.array(estimate),
    thresholds: z.array(thresholdStatus),
    resultDigest: z.string().nullable(),
  })
  .meta({ id: 'Job' });
export type Job = z.infer<typeof job>;

/** `services`: names of the catalogue entries the customer may run; null = all. `plan`: which limits of policies are its own. */
const customerMembers = {
  displayName: z.string().max(256),
  labels,
  services: z.array(name).max(1000).nullable(),
  plan: name,
};
/** The plan of a customer that was given none. */
export const standardPlan = 'standard';
export const createCustomer = z.strictObject({
  id: name,
  displayName: customerMembers.displayName.default(''),
  labels: labels.default({}),
  services: customerMembers.services.default(null),
  plan: name.default(standardPlan),
});
/** Without defaults, which would be written over what the customer has. */
export const patchCustomer = z.strictObject(customerMembers).partial();
export const customer = z
  .strictObject({ id: name, ...customerMembers, createdAt: timestamp, version: z.int() })
  .meta({ id: 'Customer' });
export type Customer = z.infer<typeof customer>;

export const createService = z.strictObject({ name, labels: labels.default({}), spec: serviceSpec });
export type CreateService = z.infer<typeof createService>;
/** A catalogue entry. Each accepted change of `spec` makes a new version; older ones stay while a job uses them. */
export const service = z
  .strictObject({
    name,
    version: z.int().min(1),
    labels,
    builtIn: z.boolean(),
    spec: serviceSpec,
    engineVersion: z.string(),
    kernelHash: z.string(),
    exact: z.boolean(),
    metrics: z.array(z.strictObject({ name: identifier, description: z.string() })),
    createdAt: timestamp,
  })
  .meta({ id: 'Service' });
export type Service = z.infer<typeof service>;

/** Answer of `POST /v1/jobs:estimate`; `pilot` says what it rests on. */
export const jobEstimate = z
  .strictObject({
    paths: z.number().nullable(),
    blocks: z.number().nullable(),
    seconds: z.number().nullable(),
    shards: z.int(),
    estimates: z.array(estimate),
    pilot: z.strictObject({ paths: z.number(), seconds: z.number() }),
  })
  .meta({ id: 'JobEstimate' });
export type JobEstimate = z.infer<typeof jobEstimate>;

export const logLine = z
  .strictObject({
    shard: z.int(),
    attempt: z.int(),
    stream: z.enum(['stdout', 'stderr']),
    time: timestamp,
    text: z.string(),
  })
  .meta({ id: 'LogLine' });
export type LogLine = z.infer<typeof logLine>;
