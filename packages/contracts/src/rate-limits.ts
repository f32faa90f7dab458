import { z } from 'zod';
import { maxCount, name, timestamp } from './scalars.ts';

/** Milliseconds of the longest window, 31 days. */
const longestWindowMs = 31 * 86_400_000;

/** What a policy counts. */
export const limitMeasure = z.enum(['requests', 'jobs-running', 'jobs-queued', 'paths']);
export type LimitMeasure = z.infer<typeof limitMeasure>;

/** Whose budget it is. IPv6 addresses count by their /64, IPv4 addresses written as IPv6 as what they are. */
export const limitPartition = z.enum(['address', 'user', 'api-key', 'customer', 'everyone']);
export type LimitPartition = z.infer<typeof limitPartition>;

/** What happens to a request while the store of the counts does not answer: let through, refused (503), or held to this replica's share of the limit. */
export const onStoreLoss = z.enum(['open', 'closed', 'share']);
export type OnStoreLoss = z.infer<typeof onStoreLoss>;

const units = z.int().min(1).max(maxCount);

/** Seconds to the millisecond: 0.001 … 31 days. */
const span = z
  .number()
  .min(0.001)
  .max(longestWindowMs / 1000)
  .refine((value) => Math.abs(value * 1000 - Math.round(value * 1000)) < 1e-6, 'must be whole milliseconds')
  .meta({ examples: [60] });

const bucket = { limit: units, windowSeconds: span, burst: units.optional() };
const windowed = { limit: units, windowSeconds: span };

/** Which counter, how much of it, in which time. */
export const limitRule = z
  .discriminatedUnion('algorithm', [
    z.strictObject({ algorithm: z.literal('token-bucket'), ...bucket }),
    z.strictObject({ algorithm: z.literal('leaky-bucket'), ...bucket }),
    z.strictObject({ algorithm: z.literal('sliding-log'), ...windowed }),
    z.strictObject({ algorithm: z.literal('sliding-counter'), ...windowed }),
    z.strictObject({ algorithm: z.literal('fixed-window'), ...windowed }),
    z.strictObject({ algorithm: z.literal('concurrency'), limit: units, leaseSeconds: span.optional() }),
  ])
  .meta({ id: 'LimitRule' });
export type LimitRule = z.infer<typeof limitRule>;

/**
 * Requests of busy keys are counted in advance, some at a time, and decided in the replica without asking the store: at most replicas × share × limit more are
 * admitted in any time than the rule allows. Of a store that replicas share; elsewhere it changes nothing.
 */
export const limitAllotment = z
  .strictObject({
    /** Part of the limit (of the burst, where that is less) that one replica holds of a key at most. */
    share: z.number().min(0.01).max(0.5),
  })
  .meta({ id: 'LimitAllotment' });

const members = {
  name,
  description: z.string().max(1024),
  measure: limitMeasure,
  per: limitPartition,
  /** Those of `operations.ts`. Absent: all that are limited at all. */
  operations: z
    .array(z.string().min(1).max(128))
    .min(1)
    .max(256)
    .describe('Operation ids of this description, openSocket, or unwatchJob. Absent: all that are limited at all.')
    .optional(),
  /** What it guards. Sign-in and messages that cost money fail closed. */
  purpose: z.enum(['api', 'sign-in', 'sms']),
  rule: limitRule,
  /** By plan of the customer, in place of the rule's own. A customer of a plan that is not here gets the rule's. */
  plans: z.record(name, z.strictObject({ limit: units, burst: units.optional() })).optional(),
  onStoreLoss,
  /** Absent: every decision is the store's. */
  allotment: limitAllotment.optional(),
  /** Counted, told in metrics, and never refused. */
  shadow: z.boolean(),
  enabled: z.boolean(),
};

const body = z.strictObject({
  ...members,
  description: members.description.default(''),
  purpose: members.purpose.default('api'),
  onStoreLoss: onStoreLoss.default('share'),
  shadow: members.shadow.default(false),
  enabled: members.enabled.default(true),
});

type PolicyMembers = z.infer<typeof body>;

interface Fault {
  readonly path: (string | number)[];
  readonly message: string;
}

const usesBucket = ({ algorithm }: LimitRule): boolean => algorithm === 'token-bucket' || algorithm === 'leaky-bucket';

/** A log keeps a record for each millisecond in which something was admitted: at most so many, some MiB a key. */
const mostLogRecords = 65_536;

/** What no store could count exactly, or keep, of a rule with this limit; null when all is well. */
const tooMuchOf = (rule: LimitRule, limit: number, burst: number | undefined): string | null => {
  if (!('windowSeconds' in rule)) return null;
  const windowMs = Math.round(rule.windowSeconds * 1000);
  // Buckets hold tokens × milliseconds in whole numbers.
  if (usesBucket(rule) && Math.max(limit, burst ?? limit) * windowMs > maxCount)
    return 'limit (or burst) times the window in milliseconds must be below 2^53 for a bucket';
  if (rule.algorithm === 'sliding-counter' && limit * windowMs > 2 ** 52)
    return 'limit times the window in milliseconds must be at most 2^52 for a sliding counter';
  if (rule.algorithm === 'sliding-log' && Math.min(limit, windowMs) > mostLogRecords)
    return `limit, or the window in milliseconds, must be at most ${mostLogRecords} for a log: a sliding counter takes more`;
  return null;
};

/** What a replica holds of a key at most. */
const unitsAllotted = (rule: LimitRule, share: number): number => {
  const atOnce = rule.algorithm === 'leaky-bucket' ? 1 : rule.limit;
  const burst = 'burst' in rule ? (rule.burst ?? atOnce) : atOnce;
  return Math.floor(Math.min(rule.limit, burst) * share);
};

/** Seconds: three times the pause between two looks of `services/jobs` at who holds what. */
const leastJobLease = 60;

/** What single members cannot say about themselves. */
const faultsOf = ({
  measure,
  per,
  operations,
  purpose,
  rule,
  plans = {},
  onStoreLoss: loss,
  allotment,
}: PolicyMembers): Fault[] => {
  const faults: Fault[] = [];
  const fault = (path: (string | number)[], message: string): void => void faults.push({ path, message });
  const isOfJobs = measure === 'jobs-running' || measure === 'jobs-queued';
  const algorithm = ['rule', 'algorithm'];
  if (isOfJobs && rule.algorithm !== 'concurrency')
    fault(algorithm, 'must be concurrency, for jobs are held and let go');
  if (isOfJobs && rule.algorithm === 'concurrency' && (rule.leaseSeconds ?? leastJobLease) < leastJobLease)
    fault(
      ['rule', 'leaseSeconds'],
      `must be at least ${leastJobLease} for jobs, whose records are looked at every 20 s`,
    );
  if (measure === 'paths' && !['fixed-window', 'sliding-counter', 'token-bucket'].includes(rule.algorithm))
    fault(algorithm, 'must be fixed-window, sliding-counter or token-bucket for paths');
  if (measure !== 'requests' && per !== 'customer') fault(['per'], 'must be customer, whose jobs these are');
  if (per === 'address' && Object.keys(plans).length > 0) fault(['plans'], 'are of customers, and an address has none');
  if (measure !== 'requests' && operations !== undefined) fault(['operations'], 'are of requests alone');
  if (purpose !== 'api' && loss !== 'closed') fault(['onStoreLoss'], `must be closed for ${purpose}`);
  if (isOfJobs && loss === 'share') fault(['onStoreLoss'], 'must be open or closed: replicas hold no share of jobs');
  if (allotment !== undefined) {
    if (measure !== 'requests') fault(['allotment'], 'is of requests alone');
    else if (rule.algorithm === 'concurrency')
      fault(['allotment'], 'is not for concurrency: a lease belongs to its request');
    else if (unitsAllotted(rule, allotment.share) < 2)
      fault(['allotment', 'share'], 'must come to two requests of the limit (and of the burst) or more');
    if (purpose !== 'api') fault(['allotment'], `is not for ${purpose}, whose limits are exact`);
  }
  const burst = 'burst' in rule ? rule.burst : undefined;
  const tooMuch = tooMuchOf(rule, rule.limit, burst);
  if (tooMuch !== null) fault(['rule', 'limit'], tooMuch);
  for (const [plan, its] of Object.entries(plans)) {
    const tooMuchForPlan = tooMuchOf(rule, its.limit, its.burst);
    if (tooMuchForPlan !== null) fault(['plans', plan, 'limit'], tooMuchForPlan);
    if (its.burst !== undefined && !usesBucket(rule)) fault(['plans', plan, 'burst'], 'is of buckets alone');
  }
  return faults;
};

/** Body of `POST /v1/rate-limit-policies`: a limit as data. Its name is its identity, in headers and metrics too. */
export const createRateLimitPolicy = body.superRefine((policy, context) => {
  for (const { path, message } of faultsOf(policy)) context.addIssue({ code: 'custom', path, message });
});
export type CreateRateLimitPolicy = z.infer<typeof createRateLimitPolicy>;

/** JSON merge patch (RFC 7396) of a policy: null takes an optional member away. What comes out is checked as a new policy is. */
export const patchRateLimitPolicy = z
  .strictObject({
    ...members,
    rule: z.record(z.string(), z.json()),
    plans: z.record(name, z.json()).nullable(),
    operations: members.operations.unwrap().nullable(),
    allotment: limitAllotment.nullable(),
  })
  .omit({ name: true })
  .partial();
export type PatchRateLimitPolicy = z.infer<typeof patchRateLimitPolicy>;

export const rateLimitPolicy = z
  .strictObject({ ...members, createdAt: timestamp, version: z.int() })
  .meta({ id: 'RateLimitPolicy' });
export type RateLimitPolicy = z.infer<typeof rateLimitPolicy>;

/** A policy without what the store adds to it: what decides. */
export type LimitPolicy = Omit<RateLimitPolicy, 'createdAt' | 'version'>;
