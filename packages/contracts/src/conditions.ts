import { z } from 'zod';
import { timestamp } from './scalars.ts';

/** Reasons of one condition and what each means, for the reference. Closed: the operator writes no other. */
type Reasons = Readonly<Record<string, string>>;

const stopped = {
  Cancelled: 'The job was cancelled.',
  DeadlineExceeded: 'The job ran longer than activeDeadlineSeconds or maxTotalSeconds allow.',
  BadInput: 'A shard refused the input (exit code 42).',
  RetriesExhausted: 'A shard failed more often in a row than backoffLimitPerIndex allows, and no other was left.',
  NotReproducible: 'A block was reported again with different bytes.',
  EngineUnavailable: 'The platform does not have the build of the engine that the job is bound to.',
} as const satisfies Reasons;
const unheard = { PlatformUnavailable: 'The platform did not answer; the operator asks again.' } as const;
const notAccepted = { NotAccepted: 'The platform has not accepted the job: see the condition Accepted.' } as const;
const quota = {
  WaitingForQuota: 'The job waits for a quota of its customer, of running jobs or of paths; the message says which.',
} as const;
const notFinished = { NotFinished: 'The job is not over.' } as const;

/** Every condition of a SimulationJob with its reasons. */
export const jobConditions = {
  Accepted: {
    Accepted: 'The platform has the job, with the spec of observedGeneration.',
    NoCustomer: 'The namespace has no label simfleet.dev/customer, or there is no such customer.',
    NamespaceConflict: 'An older namespace is labelled with the same customer already: one namespace a customer.',
    InvalidSpec: 'The platform found mistakes in the spec; the message lists them.',
    Immutable: 'The platform refused a change of the spec; the job goes on with the one before.',
    NameTaken: 'Another job of the customer has the name.',
    Forbidden: 'The customer is not entitled to the service.',
    EngineUnavailable: stopped.EngineUnavailable,
    Deleted: 'The record of the job was deleted on the platform.',
    QuotaExceeded:
      'The customer has as many jobs that do not run yet as it may have, or has used up its paths; the operator asks again.',
    ...unheard,
  },
  Scheduled: {
    Scheduled: 'At least one pod of the job is on a node.',
    Pending: 'The pods are being made or placed.',
    Unschedulable: 'No node takes a pod; the message is the scheduler’s.',
    WaitingForQueue: 'The queue has not admitted the job yet.',
    FailedCreate: 'The API server refuses the pods, for a quota or a policy; the message is its own.',
    ImagePullBackOff: 'A node cannot pull the image.',
    ContainerError: 'A container cannot be started; the message is the node’s.',
    ...quota,
    Suspended: 'The job is suspended: it has no pods.',
    Finished: 'The job is over: it has no pods.',
    ...notAccepted,
  },
  Running: {
    Running: 'Shards report blocks.',
    Queued: 'No shard has reported yet: see the condition Scheduled.',
    ...quota,
    Suspended: 'The job is suspended.',
    Finished: 'The job is over.',
    ...notAccepted,
    ...unheard,
  },
  Suspended: {
    Suspended: 'The spec asks for it; blocks done stay done.',
    NotSuspended: 'The spec does not ask for it.',
    Finished: 'The job is over.',
  },
  PrecisionReached: {
    PrecisionReached: 'The interval is as narrow as the spec asks for.',
    NotYet: 'The interval is wider than the spec asks for.',
    NotReached: 'The job ended before the interval was as narrow as the spec asks for.',
    NotRequested: 'The spec has no precision.',
  },
  ThresholdCrossed: {
    Crossed: 'At least one threshold is crossed; status.thresholds says which.',
    NotCrossed: 'All thresholds are decided, and none is crossed.',
    Undecided: 'Some thresholds are undecided, and none is crossed.',
    NotRequested: 'The spec has no thresholds.',
  },
  Succeeded: {
    PrecisionReached: 'The answer is as precise as the spec asks for.',
    Completed: 'All paths, or the whole exact answer, are done.',
    ...notFinished,
    ...stopped,
  },
  Failed: {
    ...stopped,
    ...notFinished,
    PrecisionReached: 'The job succeeded.',
    Completed: 'The job succeeded.',
  },
} as const satisfies Readonly<Record<string, Reasons>>;
export type JobConditionType = keyof typeof jobConditions;
export type JobConditionReason<Type extends JobConditionType = JobConditionType> = {
  [Each in Type]: keyof (typeof jobConditions)[Each];
}[Type] &
  string;

/** Every condition of a SimulationService with its reasons. */
export const serviceConditions = {
  Accepted: {
    Accepted: 'The catalogue has the service, with the spec of observedGeneration.',
    InvalidSpec: 'The platform found mistakes in the spec; the message lists them.',
    NameTaken: 'The catalogue has a service of this name that did not come from this resource, such as a built-in one.',
    ...unheard,
  },
  InUse: {
    InUse: 'It is being deleted, and jobs still use it: it goes when they do.',
    NotInUse: 'Nothing keeps it from being deleted.',
  },
} as const satisfies Readonly<Record<string, Reasons>>;
export type ServiceConditionType = keyof typeof serviceConditions;

/** UTF-16 units of a condition's message: eight of them, three bytes each, leave room in 16 KB for everything else. */
export const longestMessage = 200;

/** Text of any length and content as the message of a condition: one line without control characters, cut with an ellipsis. */
export const conditionMessage = (text: string): string => {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
  if (line.length <= longestMessage) return line;
  return `${line.slice(0, longestMessage - 1).replace(/[\ud800-\udbff]$/, '')}…`;
};

/** Members of a condition (meta/v1 Condition) besides its type. */
export const conditionMembers = {
  status: z.enum(['True', 'False', 'Unknown']),
  observedGeneration: z.int().min(0).optional(),
  lastTransitionTime: timestamp,
  reason: z
    .string()
    .max(64)
    .regex(/^[A-Za-z]+$/)
    .describe('One word for programs: the reference lists those of each condition.'),
  message: z.string().max(longestMessage),
};
