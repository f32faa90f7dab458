import type { Job, JobConditionReason, JobConditionType, SimulationJobCondition } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import { waitsForQuota } from '../platform/held.ts';
import type { Acceptance } from './acceptance.ts';
import type { Placement } from './pods-say.ts';

/** What a condition says, before it is known since when. */
export interface Saying<Type extends JobConditionType = JobConditionType> {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: JobConditionReason<Type>;
  readonly message: string;
}

export type Sayings = { readonly [Type in JobConditionType]: Saying<Type> };

const say = <Type extends JobConditionType>(
  status: Saying['status'],
  reason: JobConditionReason<Type>,
  message = '',
): Saying<Type> => ({ status, reason, message });

/** What is to be said of a job. Null job: the platform does not have it. */
export const sayingsOf = (acceptance: Acceptance, job: Job | null, placement: Placement | null): Sayings =>
  job === null
    ? notAccepted(acceptance)
    : {
        Accepted: acceptance,
        Scheduled: scheduled(job, placement),
        Running: running(acceptance, job),
        Suspended: suspended(job),
        PrecisionReached: precisionReached(job),
        ThresholdCrossed: thresholdCrossed(job),
        Succeeded: succeeded(job),
        Failed: failed(job),
      };

const notAccepted = (acceptance: Acceptance): Sayings => ({
  Accepted: acceptance,
  Scheduled: say('False', 'NotAccepted'),
  Running: say('False', 'NotAccepted'),
  Suspended: say('False', 'NotSuspended'),
  PrecisionReached: say('Unknown', 'NotYet'),
  ThresholdCrossed: say('Unknown', 'Undecided'),
  Succeeded: say('False', 'NotFinished'),
  Failed: say('False', 'NotFinished'),
});

const scheduled = (job: Job, placement: Placement | null): Saying<'Scheduled'> => {
  if (isOver(job)) return say('False', 'Finished');
  if (job.spec.suspend) return say('False', 'Suspended');
  if (waitsForQuota(job)) return say('False', 'WaitingForQuota', job.message ?? '');
  return placement ?? say('False', 'Pending');
};

const running = (acceptance: Acceptance, job: Job): Saying<'Running'> => {
  if (isOver(job)) return say('False', 'Finished');
  if (acceptance.reason === 'PlatformUnavailable') return say('Unknown', 'PlatformUnavailable');
  if (job.state === 'Suspended') return say('False', 'Suspended');
  if (job.state === 'Running') return say('True', 'Running');
  return waitsForQuota(job) ? say('False', 'WaitingForQuota', job.message ?? '') : say('False', 'Queued');
};

const suspended = (job: Job): Saying<'Suspended'> => {
  if (isOver(job)) return say('False', 'Finished');
  return job.state === 'Suspended' ? say('True', 'Suspended') : say('False', 'NotSuspended');
};

const precisionReached = (job: Job): Saying<'PrecisionReached'> => {
  if (job.spec.precision === undefined) return say('False', 'NotRequested');
  if (job.stopReason === 'PrecisionReached') return say('True', 'PrecisionReached');
  return isOver(job) ? say('False', 'NotReached') : say('False', 'NotYet');
};

const thresholdCrossed = ({ spec, thresholds }: Job): Saying<'ThresholdCrossed'> => {
  if (spec.thresholds.length === 0) return say('False', 'NotRequested');
  const crossed = thresholds.filter(({ verdict }) => verdict === 'Crossed').map(({ name }) => name);
  if (crossed.length > 0)
    return say('True', 'Crossed', `${crossed.slice(0, 4).join(', ')}${crossed.length > 4 ? ', …' : ''}`);
  const isDecided = thresholds.length > 0 && thresholds.every(({ verdict }) => verdict === 'NotCrossed');
  return isDecided ? say('False', 'NotCrossed') : say('Unknown', 'Undecided');
};

const succeeded = (job: Job): Saying<'Succeeded'> => {
  if (job.stopReason === null) return say('False', 'NotFinished');
  return say(job.state === 'Succeeded' ? 'True' : 'False', job.stopReason, job.message ?? '');
};

const failed = (job: Job): Saying<'Failed'> => {
  if (job.stopReason === null) return say('False', 'NotFinished');
  return say(job.state === 'Failed' ? 'True' : 'False', job.stopReason, job.message ?? '');
};

/** The sayings as conditions: the time of the last transition is kept where the status stays. */
export const conditionsOf = (
  sayings: Sayings,
  before: readonly SimulationJobCondition[],
  observedGeneration: number,
  time: string,
): SimulationJobCondition[] =>
  (Object.keys(sayings) as JobConditionType[]).map((type) => {
    const saying = sayings[type];
    const old = before.find((condition) => condition.type === type);
    const lastTransitionTime = old?.status === saying.status ? old.lastTransitionTime : time;
    const { status, reason, message } = saying;
    return { type, status, observedGeneration, lastTransitionTime, reason, message };
  });
