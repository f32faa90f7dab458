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
    metric: identifier.describe('Metric of the service that is to be precise.'),
    relativeError: positiveDecimal
      .optional()
      .describe(
        'Half-width of the interval ÷ |value|. With `absoluteError` beside it the wider of the two is the target: an absolute floor.',
      ),
    absoluteError: positiveDecimal.optional().describe('Half-width of the interval, in units of the metric.'),
    confidence: confidence.default('0.95').describe('Confidence of the interval.'),
  })
  .refine((value) => value.relativeError !== undefined || value.absoluteError !== undefined, {
    message: 'needs relativeError, absoluteError or both',
  })
  .meta({ id: 'Precision' });

export const threshold = z
  .strictObject({
    name: identifier,
    metric: identifier,
    below: decimal.optional().describe('Crossed when the metric is below this. Exactly one of `below` and `above`.'),
    above: decimal.optional().describe('Crossed when the metric is above this.'),
    confidence: confidence
      .default('0.95')
      .describe('Confidence of the verdict over the whole life of the job, all looks together.'),
  })
  .refine((value) => (value.below === undefined) !== (value.above === undefined), {
    message: 'needs exactly one of below and above',
  })
  .meta({ id: 'Threshold' });

export const serviceReference = z.strictObject({
  name,
  version: z
    .int()
    .min(1)
    .optional()
    .describe('Version in the catalogue; the newest one when absent, and then pinned in the job.'),
});

/** What a person asks for. Mutable after creation: shards, suspend, cancelled, deadlines, TTL, thresholds, and extensions of precision and maxPaths. */
export const jobSpec = z
  .strictObject({
    serviceRef: serviceReference.describe('What to run.'),
    parameters: z
      .record(z.string(), z.json())
      .default({})
      .describe(
        'Values for the parameters of the service, by its schema; what is left out has the default of the service.',
      ),
    seed: u64.default('0').describe('Key of the random generator; the same seed gives the same digest.'),
    maxPaths: pathCount
      .optional()
      .describe(
        'Bound on paths, only ever raised. At least one of maxPaths and precision is required, except for exact engines, which take neither.',
      ),
    shards: z
      .int()
      .min(1)
      .max(maxShards)
      .default(1)
      .describe('Worker processes or pods. Changes speed only, never the answer.'),
    precision: precision
      .optional()
      .describe('Stop when the interval of a metric is as narrow as this; only ever tightened.'),
    thresholds: z
      .array(threshold)
      .max(32)
      .refine((list) => new Set(list.map((item) => item.name)).size === list.length, 'must have different names')
      .default([])
      .describe('Bounds to be told about when a metric crosses them.'),
    suspend: z.boolean().default(false).describe('No shards run while this is set; blocks done stay done.'),
    cancelled: z.boolean().default(false).describe('One way: a cancelled job never runs again.'),
    activeDeadlineSeconds: seconds
      .optional()
      .describe("Seconds since the job started or was resumed last (Kubernetes' meaning)."),
    maxTotalSeconds: seconds.optional().describe('Seconds of running, added up over suspensions.'),
    ttlSecondsAfterFinished: secondsOrNone
      .optional()
      .describe(
        'Seconds after its end until the job is removed; absent = kept. Of a job that came from a cluster the resource goes, the record with its result stays.',
      ),
    backoffLimitPerIndex: z
      .int()
      .min(0)
      .max(100)
      .default(6)
      .describe(
        'Consecutive failures of one shard, without a block accepted in between, before that shard is given up.',
      ),
    queueName: name.optional().describe("Kubernetes only: the Kueue LocalQueue that admits the job's pods."),
    priorityClassName: subdomain.optional().describe("Kubernetes only: PriorityClass of the job's pods."),
    podTemplate: podTemplate.optional().describe("Kubernetes only: where the job's pods go and what they may use."),
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
    description: z.string().max(4096).default('').describe('What it computes, for a person.'),
    engine: identifier
      .optional()
      .describe('Built-in engine that runs the service. Exactly one of `engine` and `container`.'),
    container: serviceContainer.optional().describe('Image that runs the service; on Kubernetes only.'),
    parameters: z
      .union([z.record(z.string(), z.json()), z.boolean()])
      .default(true)
      .describe("JSON Schema (draft 2020-12) of a job's parameters, checked in addition to an engine's own."),
    defaults: z.record(z.string(), z.json()).default({}).describe('Values for parameters that a job leaves out.'),
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
