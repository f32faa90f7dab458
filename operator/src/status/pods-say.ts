import { conditionMessage } from '@simfleet/contracts';
import type { Job, JobConditionReason } from '@simfleet/contracts';
import type { BatchJob } from '../resources/batch-job.ts';
import type { Pod } from '../resources/pod.ts';

/** Why a job that should run has pods at work, or has none. */
export interface Placement {
  readonly status: 'True' | 'False';
  readonly reason: JobConditionReason<'Scheduled'>;
  readonly message: string;
}

const placement = (reason: Placement['reason'], message = ''): Placement => ({
  status: reason === 'Scheduled' ? 'True' : 'False',
  reason,
  message: conditionMessage(message),
});

const pullTroubles: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
]);
const startTroubles: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
]);

/** What keeps the pods of the current child from running, the most telling first. `refused`: the API server's last words to the Job controller, if any. */
export const placementOf = (
  { spec }: Pick<Job, 'spec'>,
  child: BatchJob | null,
  pods: readonly Pod[],
  refused: string | null,
): Placement => {
  const working = pods.filter(({ status }) => status?.phase === 'Running');
  if (working.length > 0) return placement('Scheduled', `${working.length} of ${spec.shards} pods run`);
  if (child?.spec.suspend === true && spec.queueName !== undefined)
    return placement('WaitingForQueue', `queue ${spec.queueName} has not admitted the job yet`);
  const open = pods.filter(({ status }) => status?.phase === 'Pending' || status?.phase === undefined);
  return (
    waiting(open, pullTroubles, 'ImagePullBackOff') ??
    waiting(open, startTroubles, 'ContainerError') ??
    (open.some(({ spec: pod }) => pod?.nodeName !== undefined)
      ? placement('Scheduled', 'a node starts the pods')
      : null) ??
    unschedulable(open) ??
    (refused === null ? placement('Pending') : placement('FailedCreate', refused))
  );
};

const waiting = (
  pods: readonly Pod[],
  troubles: ReadonlySet<string>,
  reason: Placement['reason'],
): Placement | null => {
  for (const { status } of pods) {
    const trouble = status?.containerStatuses?.[0]?.state?.waiting;
    if (trouble?.reason !== undefined && troubles.has(trouble.reason))
      return placement(reason, trouble.message ?? trouble.reason);
  }
  return null;
};

const unschedulable = (pods: readonly Pod[]): Placement | null => {
  for (const { status } of pods) {
    const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (condition?.status === 'False' && condition.reason === 'Unschedulable')
      return placement('Unschedulable', condition.message);
  }
  return null;
};
