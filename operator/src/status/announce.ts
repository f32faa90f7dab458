import type { JobConditionType, SimulationJobCondition, SimulationJobStatus } from '@simfleet/contracts';

/** An Event of Kubernetes to write for a turn in a job's life. */
export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

interface Telling {
  readonly type: Announcement['type'];
  readonly action: string;
  readonly of: (condition: SimulationJobCondition) => string | null;
}

const troubles: ReadonlySet<string> = new Set(['Unschedulable', 'FailedCreate', 'ImagePullBackOff', 'ContainerError']);

const isTrue = (reason: string) => (condition: SimulationJobCondition) => (condition.status === 'True' ? reason : null);

const tellings: readonly (Telling & { readonly condition: JobConditionType })[] = [
  { condition: 'Accepted', type: 'Normal', action: 'Accept', of: isTrue('Accepted') },
  {
    condition: 'Accepted',
    type: 'Warning',
    action: 'Accept',
    of: ({ status, reason }) => (status === 'False' ? reason : null),
  },
  {
    condition: 'Scheduled',
    type: 'Warning',
    action: 'Schedule',
    of: ({ reason }) => (troubles.has(reason) ? reason : null),
  },
  {
    condition: 'Scheduled',
    type: 'Normal',
    action: 'Schedule',
    of: ({ reason }) => (reason === 'WaitingForQuota' ? reason : null),
  },
  { condition: 'Running', type: 'Normal', action: 'Run', of: isTrue('Started') },
  { condition: 'Suspended', type: 'Normal', action: 'Suspend', of: isTrue('Suspended') },
  { condition: 'ThresholdCrossed', type: 'Normal', action: 'Judge', of: isTrue('ThresholdCrossed') },
  { condition: 'Succeeded', type: 'Normal', action: 'Finish', of: isTrue('Succeeded') },
  { condition: 'Failed', type: 'Warning', action: 'Finish', of: isTrue('Failed') },
];

/** Turns that the new status tells of and the old one did not: a few in a job's life, whatever the number of blocks. */
export const announcements = (
  before: SimulationJobStatus | undefined,
  after: SimulationJobStatus,
): readonly Announcement[] =>
  tellings.flatMap(({ condition: name, type, action, of }) => {
    const [old, now] = [before, after].map((status) => status?.conditions?.find((each) => each.type === name));
    const reason = now === undefined ? null : of(now);
    if (now === undefined || reason === null || (old !== undefined && of(old) === reason)) return [];
    return [{ type, reason, action, note: noteOf(now, after) }];
  });

const noteOf = ({ type, reason, message }: SimulationJobCondition, status: SimulationJobStatus): string => {
  if (type === 'Succeeded' && status.value !== undefined)
    return `${reason}: ${status.value}${status.halfWidth === undefined ? '' : ` ± ${status.halfWidth}`}`;
  return message === '' ? reason : `${reason}: ${message}`;
};
