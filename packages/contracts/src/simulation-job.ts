import { z } from 'zod';
import {
  confidence,
  decimal,
  identifier,
  labels,
  maxShards,
  name,
  pathCount,
  positiveDecimal,
  seconds,
  secondsOrNone,
  subdomain,
  u64,
} from './scalars.ts';
import { podTemplate } from './pod-template.ts';
import { serviceContainer } from './service-container.ts';

export const apiVersion = 'simfleet.dev/v1alpha1';

export const precision = z
  .strictObject({
    metric: identifier,
    /** Half-width of the interval ÷ |value|. With `absoluteError` beside it the wider of the two is the target: an absolute floor. */
    relativeError: positiveDecimal.optional(),
    /** Half-width of the interval, in units of the metric. */
    absoluteError: positiveDecimal.optional(),
    confidence: confidence.default('0.95'),
  })
  .refine((value) => value.relativeError !== undefined || value.absoluteError !== undefined, {
    message: 'needs relativeError, absoluteError or both',
  })
  .meta({ id: 'Precision' });

export const threshold = z
  .strictObject({
    name: identifier,
    metric: identifier,
    below: decimal.optional(),
    above: decimal.optional(),
    /** Confidence of the verdict over the whole life of the job, all looks together. */
    confidence: confidence.default('0.95'),
  })
  .refine((value) => (value.below === undefined) !== (value.above === undefined), {
    message: 'needs exactly one of below and above',
  })
  .meta({ id: 'Threshold' });

export const serviceReference = z.strictObject({
  name,
  /** Catalogue version; the newest one when absent, and then pinned in the job. */
  version: z.int().min(1).optional(),
});

/** What a person asks for. Mutable after creation: shards, suspend, cancelled, deadlines, TTL, thresholds, and extensions of precision and maxPaths. */
export const jobSpec = z
  .strictObject({
    serviceRef: serviceReference,
    parameters: z.record(z.string(), z.json()).default({}),
    /** Key of the random generator; the same seed gives the same digest. */
    seed: u64.default('0'),
    /** Bound on paths. At least one of maxPaths and precision is required, except for exact engines, which take neither. */
    maxPaths: pathCount.optional(),
    /** Worker processes or pods. Changes speed only, never the answer. */
    shards: z.int().min(1).max(maxShards).default(1),
    precision: precision.optional(),
    thresholds: z
      .array(threshold)
      .max(32)
      .refine((list) => new Set(list.map((item) => item.name)).size === list.length, 'must have different names')
      .default([]),
    suspend: z.boolean().default(false),
    /** One way: a cancelled job never runs again. */
    cancelled: z.boolean().default(false),
    /** Seconds since the job started or was resumed last (Kubernetes' meaning). */
    activeDeadlineSeconds: seconds.optional(),
    /** Seconds of running, added up over suspensions. */
    maxTotalSeconds: seconds.optional(),
    /** Seconds after its end until the job record is removed; absent = kept. */
    ttlSecondsAfterFinished: secondsOrNone.optional(),
    /** Consecutive failures of one shard, without a block accepted in between, before that shard is given up. */
    backoffLimitPerIndex: z.int().min(0).max(100).default(6),
    /** Kubernetes only: the Kueue LocalQueue that admits the job's pods. */
    queueName: name.optional(),
    /** Kubernetes only: PriorityClass of the job's pods. */
    priorityClassName: subdomain.optional(),
    /** Kubernetes only: where the job's pods go and what they may use. */
    podTemplate: podTemplate.optional(),
  })
  .meta({ id: 'JobSpec' });
export type JobSpec = z.infer<typeof jobSpec>;

/** Members that may change after creation; of `precision` and `maxPaths` only extensions. */
export const mutableMembers = [
  'shards',
  'suspend',
  'cancelled',
  'thresholds',
  'activeDeadlineSeconds',
  'maxTotalSeconds',
  'ttlSecondsAfterFinished',
  'maxPaths',
  'precision',
] as const satisfies readonly (keyof JobSpec)[];

/** Mutable members that can be taken away again: limits. */
export const removableMembers = [
  'activeDeadlineSeconds',
  'maxTotalSeconds',
  'ttlSecondsAfterFinished',
] as const satisfies readonly (keyof JobSpec)[];
export type Precision = z.infer<typeof precision>;
export type Threshold = z.infer<typeof threshold>;

export const serviceSpec = z
  .strictObject({
    description: z.string().max(4096).default(''),
    /** Built-in engine that runs the service. */
    engine: identifier.optional(),
    /** Image that runs it, on Kubernetes. */
    container: serviceContainer.optional(),
    /** JSON Schema (draft 2020-12) of `parameters`, checked in addition to an engine's own. */
    parameters: z.union([z.record(z.string(), z.json()), z.boolean()]).default(true),
    /** Values for parameters that a job leaves out. */
    defaults: z.record(z.string(), z.json()).default({}),
  })
  .refine((value) => (value.engine === undefined) !== (value.container === undefined), {
    message: 'needs exactly one of engine and container',
  })
  .meta({ id: 'ServiceSpec' });
export type ServiceSpec = z.infer<typeof serviceSpec>;

const metadata = z.strictObject({ name, labels: labels.default({}) });

/** The manifests that the CLI and kubectl share. */
export const simulationJobManifest = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal('SimulationJob'),
  metadata,
  spec: jobSpec,
});
export const simulationServiceManifest = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal('SimulationService'),
  metadata,
  spec: serviceSpec,
});
export type SimulationJobManifest = z.infer<typeof simulationJobManifest>;
export type SimulationServiceManifest = z.infer<typeof simulationServiceManifest>;
