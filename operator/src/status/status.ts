import { conditionMessage } from '@simfleet/contracts';
import type { Estimate, Job, SimulationJobStatus } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import type { BatchJob } from '../resources/batch-job.ts';
import type { Pod } from '../resources/pod.ts';
import type { SimulationJob } from '../resources/simulation-job.ts';
import type { Acceptance } from './acceptance.ts';
import { conditionsOf, sayingsOf } from './conditions.ts';
import type { Saying, Sayings } from './conditions.ts';
import { figure, percent, rounded, shortSpan } from './figures.ts';
import { placementOf } from './pods-say.ts';

/** Everything that the status of a SimulationJob is made from. */
export interface Observed {
  readonly resource: SimulationJob;
  readonly acceptance: Acceptance;
  /** Null: the platform does not have it, or was never heard. */
  readonly job: Job | null;
  /** Child of the current run, and its pods. */
  readonly child: BatchJob | null;
  readonly pods: readonly Pod[];
  /** Why the API server refuses pods of the child. */
  readonly refused: string | null;
  /** RFC 3339. */
  readonly time: string;
}

/** The status of a SimulationJob. A pure function: what is not known stays as it was written. */
export const statusOf = (observed: Observed): SimulationJobStatus => {
  const { resource, acceptance, job, child, pods, refused, time } = observed;
  const before = resource.status ?? {};
  const observedGeneration = resource.metadata.generation ?? 0;
  if (job === null && acceptance.status === 'Unknown' && before.jobId !== undefined) return unheard(observed, before);
  const placement = job === null ? null : placementOf(job, child, pods, refused);
  const sayings = oneLine(sayingsOf(acceptance, job, placement));
  const conditions = conditionsOf(sayings, before.conditions ?? [], observedGeneration, time);
  if (job === null) {
    const state = acceptance.status === 'False' ? 'Rejected' : 'Pending';
    return { observedGeneration, state, conditions, lastUpdatedTime: time };
  }
  return {
    observedGeneration,
    jobId: job.id,
    state: job.state,
    ...(job.stopReason === null ? {} : { stopReason: job.stopReason }),
    conditions,
    run: job.run,
    ...(job.startedAt === null ? {} : { startTime: job.startedAt }),
    ...(job.finishedAt === null ? {} : { completionTime: job.finishedAt }),
    lastUpdatedTime: time,
    accumulatedSeconds: Math.round(job.accumulatedSeconds),
    counts: countsOf(job, child),
    progress: progressOf(job),
    ...answerOf(job),
  };
};

/** The platform does not answer: what is known of the job stays. */
const unheard = ({ acceptance, time }: Observed, before: SimulationJobStatus): SimulationJobStatus => ({
  ...before,
  lastUpdatedTime: time,
  conditions: (before.conditions ?? []).map((condition) => {
    if (condition.type === 'Accepted') {
      const { status, reason, message } = acceptance;
      const lastTransitionTime = condition.status === status ? condition.lastTransitionTime : time;
      return { ...condition, status, reason, message, lastTransitionTime };
    }
    if (condition.type !== 'Running' || condition.reason === 'Finished') return condition;
    const lastTransitionTime = condition.status === 'Unknown' ? condition.lastTransitionTime : time;
    return { ...condition, status: 'Unknown', reason: 'PlatformUnavailable', message: '', lastTransitionTime };
  }),
});

const oneLine = (sayings: Sayings): Sayings =>
  Object.fromEntries(
    Object.entries(sayings).map(([type, saying]: [string, Saying]) => [
      type,
      { ...saying, message: conditionMessage(saying.message) },
    ]),
  ) as unknown as Sayings;

type Counts = NonNullable<SimulationJobStatus['counts']>;

/** Pods of the child, as its own status counts them. */
export const shardCounts = (child: BatchJob | null): Counts['shards'] => ({
  active: child?.status?.active ?? 0,
  succeeded: child?.status?.succeeded ?? 0,
  failed: child?.status?.failed ?? 0,
});

const countsOf = ({ progress }: Job, child: BatchJob | null): Counts => ({
  shards: shardCounts(child),
  blocks: progress.blocks,
  blocksReported: progress.blocksReported,
  paths: progress.paths,
});

const progressOf = (job: Job): NonNullable<SimulationJobStatus['progress']> => {
  const { fraction, remainingSeconds } = job.progress;
  const left = isOver(job) ? null : remainingSeconds;
  return {
    ...(fraction === null ? {} : { fraction: figure(fraction) ?? '0', text: percent(fraction) }),
    ...(left === null ? {} : { remainingSeconds: Math.round(left), eta: shortSpan(left) }),
  };
};

/** Estimates as strings, and the one that people look at first. */
const answerOf = (job: Job): Partial<SimulationJobStatus> => {
  const { estimates, thresholds, spec, resultDigest } = job;
  const main = estimates.find(({ name }) => name === spec.precision?.metric) ?? estimates[0];
  return {
    ...(estimates.length === 0 ? {} : { estimates: estimates.slice(0, 16).map(estimateStatus) }),
    ...(thresholds.length === 0 ? {} : { thresholds: thresholds.map(({ name, verdict }) => ({ name, verdict })) }),
    ...(main === undefined ? {} : columnsOf(main)),
    ...(resultDigest === null ? {} : { resultDigest }),
  };
};

const estimateStatus = (estimate: Estimate): NonNullable<SimulationJobStatus['estimates']>[number] => ({
  name: estimate.name,
  value: figure(estimate.value) ?? '0',
  ...optional('standardError', estimate.standardError),
  ...optional('ciLow', estimate.ciLow),
  ...optional('ciHigh', estimate.ciHigh),
  paths: estimate.paths,
});

const optional = <Name extends string>(name: Name, value: number | null): { readonly [Each in Name]?: string } => {
  const text = figure(value);
  return (text === undefined ? {} : { [name]: text }) as { readonly [Each in Name]?: string };
};

const columnsOf = ({ value, ciLow, ciHigh }: Estimate): Partial<SimulationJobStatus> => {
  if (ciLow === null || ciHigh === null) return { value: rounded(value, 6) };
  const half = (ciHigh - ciLow) / 2;
  return { value: rounded(value, digitsFor(value, half)), halfWidth: rounded(half, 2) };
};

/** As many digits of the value as the interval leaves certain, and one or two more: 6 … 12. */
const digitsFor = (value: number, half: number): number => {
  if (half === 0 || value === 0) return 12;
  const digits = Math.ceil(Math.log10(Math.abs(value) / half)) + 2;
  return Math.min(12, Math.max(6, Number.isFinite(digits) ? digits : 6));
};
