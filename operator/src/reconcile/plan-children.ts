import { resourceMarks } from '@simfleet/contracts';
import type { Job } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import { isHeld, waitsForQuota } from '../platform/held.ts';
import type { BatchJob } from '../resources/batch-job.ts';
import type { Pod } from '../resources/pod.ts';
import { childName } from './child-name.ts';

/** What to do about the Indexed Jobs of a job. */
export interface ChildPlan {
  readonly remove: readonly BatchJob[];
  /** The child of the current run that is kept; its drift is mended. */
  readonly keep: BatchJob | null;
  /** A child of the current run is wanted and there is none, nor one on its way out. */
  readonly create: boolean;
  /** Milliseconds until the plan may be another one although nothing changes; null = then only. */
  readonly lookAgainMs: number | null;
}

export interface Children {
  readonly name: string;
  readonly job: Job;
  readonly children: readonly BatchJob[];
  readonly pods: readonly Pod[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Pods of a job that is over get this long to be told so and leave by themselves. */
const partingMs = 30_000;
/** A child that ended before its job: the platform hears of its shards first, and decides. */
const verdictMs = 15_000;

/**
 * A job that is over never gets a child again, whatever became of the last one. Until then there is exactly one, of the current run; where a queue decides
 * what runs, a suspended job has none, since its pods would keep their quota. One that waits for a quota of its customer gets none, and keeps one that it has.
 */
export const planChildren = (state: Children): ChildPlan => {
  const { job, name } = state;
  const children = state.children.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const current = children.find((child) => child.metadata.labels?.[resourceMarks.run] === String(job.run)) ?? null;
  const former = children.filter((child) => child !== current);
  if (isOver(job)) return parting(state, children);
  if (isHeld(job) && job.spec.queueName !== undefined)
    return { remove: children, keep: null, create: false, lookAgainMs: null };
  if (current !== null && hasEnded(current)) return restarting(state, current, former);
  // The name is free only when the one before is gone altogether.
  const isLeaving = state.children.some(
    ({ metadata }) => metadata.deletionTimestamp !== undefined && metadata.name === childName(name, job.run),
  );
  const create = current === null && !isLeaving && !waitsForQuota(job);
  return { remove: former, keep: current, create, lookAgainMs: null };
};

/** Shards are told `stop` and exit 0, which completes the child. One that no shard can end so is removed. */
const parting = ({ job, pods, now }: Children, children: readonly BatchJob[]): ChildPlan => {
  const open = children.filter((child) => !hasEnded(child));
  const none = { keep: null, create: false, lookAgainMs: null };
  if (open.length === 0) return { ...none, remove: [] };
  const left = partingMs - (now - Date.parse(job.finishedAt ?? job.createdAt));
  // One that succeeded completes the child in a moment.
  const isLeaving = pods.some(({ status }) => status?.phase === 'Running' || status?.phase === 'Succeeded');
  return isLeaving && left > 0 ? { ...none, remove: [], lookAgainMs: left } : { ...none, remove: open };
};

/** The child has ended and the job has not: its shards' ends are told, and when the platform does not end the job for it, a fresh child follows. */
const restarting = ({ now }: Children, child: BatchJob, former: readonly BatchJob[]): ChildPlan => {
  const left = verdictMs - (now - endedAt(child, now));
  if (left > 0) return { remove: former, keep: child, create: false, lookAgainMs: left };
  return { remove: [...former, child], keep: null, create: false, lookAgainMs: null };
};

const ends: ReadonlySet<string> = new Set(['Complete', 'Failed']);

/** Whether the Job controller is done with the Job. */
export const hasEnded = ({ status }: BatchJob): boolean =>
  status?.conditions?.some((condition) => ends.has(condition.type) && condition.status === 'True') ?? false;

const endedAt = ({ status }: BatchJob, now: number): number => {
  const end = status?.conditions?.find((condition) => ends.has(condition.type) && condition.status === 'True');
  const at = Date.parse(end?.lastTransitionTime ?? '');
  return Number.isNaN(at) ? now : at;
};
