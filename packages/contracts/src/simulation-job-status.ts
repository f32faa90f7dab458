import { z } from 'zod';
import { conditionMembers, jobConditions } from './conditions.ts';
import type { JobConditionType } from './conditions.ts';
import { jobState, stopReason, verdict } from './jobs.ts';
import { decimal, identifier, maxCount, maxShards, timestamp } from './scalars.ts';
import { mostMetrics } from './service-container.ts';

const count = z.int().min(0).max(maxCount);
const shardCount = z.int().min(0).max(maxShards);
const conditionTypes = Object.keys(jobConditions) as [JobConditionType, ...JobConditionType[]];
/** Longest decimal that JavaScript writes for a double has 24 characters. */
const figure = decimal.max(32);

export const simulationJobCondition = z
  .strictObject({ type: z.enum(conditionTypes), ...conditionMembers })
  .meta({ id: 'SimulationJobCondition' });
export type SimulationJobCondition = z.infer<typeof simulationJobCondition>;

/** An estimate without floats: decimals are strings that read back as the very double. */
export const estimateStatus = z.strictObject({
  name: identifier,
  value: figure,
  standardError: figure.optional(),
  ciLow: figure.optional(),
  ciHigh: figure.optional(),
  paths: count,
});
export type EstimateStatus = z.infer<typeof estimateStatus>;

/**
 * Status of a SimulationJob: what `GET /v1/jobs/{id}` says, as of `lastUpdatedTime`, written at most every 10 s or when a condition changes. Its size does not depend
 * on shards or blocks: under 16 KB.
 */
export const simulationJobStatus = z
  .strictObject({
    observedGeneration: z.int().min(0).optional().describe('`metadata.generation` that everything here is about.'),
    jobId: z.string().max(64).optional().describe('Id of the job in the API.'),
    state: z
      .enum(['Pending', 'Rejected', ...jobState.options])
      .optional()
      .describe(
        'For people, as are `value`, `halfWidth` and texts: programs read conditions. `Pending`: the platform has not heard of it yet; `Rejected`: it is not accepted.',
      ),
    stopReason: stopReason.optional().describe('Why the job ended.'),
    conditions: z.array(simulationJobCondition).max(conditionTypes.length).optional(),
    run: z.int().min(1).optional().describe('Rises with every extension, each of which makes a new child Job.'),
    startTime: timestamp.optional(),
    completionTime: timestamp.optional(),
    lastUpdatedTime: timestamp.optional(),
    accumulatedSeconds: count.optional().describe('Whole seconds of running, added up over suspensions.'),
    counts: z
      .strictObject({
        shards: z.strictObject({ active: shardCount, succeeded: shardCount, failed: shardCount }),
        blocks: count.describe('Blocks of the contiguous prefix.'),
        blocksReported: count.describe('Blocks reported in any order.'),
        paths: count.describe('Paths of the contiguous prefix.'),
      })
      .optional(),
    progress: z
      .strictObject({
        fraction: figure.optional().describe('0 … 1; absent while nothing is known.'),
        remainingSeconds: count.optional(),
        text: z.string().max(32).optional().describe('Such as `42 %`.'),
        eta: z.string().max(32).optional().describe('Such as `3m20s`.'),
      })
      .optional(),
    estimates: z.array(estimateStatus).max(mostMetrics).optional(),
    thresholds: z
      .array(z.strictObject({ name: identifier, verdict }))
      .max(32)
      .optional(),
    value: figure
      .optional()
      .describe('Estimate of the metric that precision is asked for, or of the first one, rounded to be read.'),
    halfWidth: figure.optional().describe('Half the width of its interval.'),
    resultDigest: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe('SHA-256 (hex) of the answer: equal to that of the same job anywhere else.'),
  })
  .meta({ id: 'SimulationJobStatus' });
export type SimulationJobStatus = z.infer<typeof simulationJobStatus>;
