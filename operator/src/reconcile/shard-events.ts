import { createHash } from 'node:crypto';
import { resourceMarks } from '@simfleet/contracts';
import type { Job, SimfleetEvent } from '@simfleet/contracts';
import type { BatchJob } from '../resources/batch-job.ts';
import type { ContainerStatus, Pod } from '../resources/pod.ts';
import { readIndexes } from './index-ranges.ts';

type ShardEvent = SimfleetEvent<'dev.simfleet.shard.started.v1' | 'dev.simfleet.shard.ended.v1'>;

/** How much of a pod's life is told: versions of its source. */
export const told = { nothing: 0, started: 1, ended: 2 } as const;
export type Told = (typeof told)[keyof typeof told];

/** Longest message of an event, in characters. */
const messageLimit = 4096;

/** How far a pod has come. */
export const podProgress = ({ status }: Pod): Told => {
  const state = status?.containerStatuses?.[0]?.state;
  const hasEnded = status?.phase === 'Succeeded' || status?.phase === 'Failed' || state?.terminated !== undefined;
  if (hasEnded) return told.ended;
  return status?.phase === 'Running' || state?.running !== undefined ? told.started : told.nothing;
};

/**
 * What to tell of a pod beyond what was told. The operator keeps no store: source and version follow from the pod alone, so that telling again after a
 * crash is telling the same. `isGone`: the pod is there no more, so that it has ended whatever it looked like last.
 */
export const podEvents = (job: Job, pod: Pod, before: Told, isGone: boolean, time: string): readonly ShardEvent[] => {
  const shard = shardOf(pod);
  const uid = pod.metadata.uid;
  if (shard === null || uid === undefined) return [];
  const progress = isGone && before >= told.started ? told.ended : podProgress(pod);
  const data = {
    ...{ jobId: job.id, customer: job.customer, shard },
    generation: Number(pod.metadata.labels?.[resourceMarks.run] ?? job.run),
    attempt: attemptOf(pod),
  };
  const source = `/pods/${uid}`;
  const events: ShardEvent[] = [];
  if (before < told.started && progress >= told.started)
    events.push({ ...envelope(source, told.started, job, time), type: 'dev.simfleet.shard.started.v1', data });
  if (before < told.ended && progress === told.ended)
    events.push({
      ...envelope(source, told.ended, job, time),
      type: 'dev.simfleet.shard.ended.v1',
      data: { ...data, ...endOf(pod, isGone), exhausted: false },
    });
  return events;
};

/** Indexes that the Job controller has given up. A source of their own each: the platform keeps one version of a source, and indexes fail in any order. */
export const exhaustedEvents = (job: Job, child: BatchJob, time: string): readonly ShardEvent[] =>
  readIndexes(child.status?.failedIndexes).map((shard) => ({
    ...envelope(`/jobs.batch/${child.metadata.uid ?? ''}/${shard}`, 1, job, time),
    type: 'dev.simfleet.shard.ended.v1',
    data: {
      ...{ jobId: job.id, customer: job.customer, shard },
      generation: Number(child.metadata.labels?.[resourceMarks.run] ?? job.run),
      ...{ attempt: child.spec.backoffLimitPerIndex ?? 0, exitCode: null, signal: null, exhausted: true, message: '' },
    },
  }));

/** An integer that never changes in a pod's life: what it was started with. */
export const shardOf = ({ metadata }: Pod): number | null => {
  const text = metadata.annotations?.['batch.kubernetes.io/job-completion-index'];
  return text === undefined || !/^\d+$/.test(text) ? null : Number(text);
};

const attemptOf = ({ metadata }: Pod): number => {
  const text = metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'];
  return text === undefined || !/^\d+$/.test(text) ? 0 : Number(text);
};

const endOf = ({ status }: Pod, isGone: boolean) => {
  const end: NonNullable<ContainerStatus['state']>['terminated'] = status?.containerStatuses?.[0]?.state?.terminated;
  const message =
    end?.message ?? status?.message ?? end?.reason ?? status?.reason ?? (isGone ? 'the pod was removed' : '');
  return {
    exitCode: end?.exitCode ?? null,
    signal: end?.signal === undefined || end.signal === 0 ? null : String(end.signal),
    message: message.trim().slice(-messageLimit),
  };
};

const envelope = (source: string, sourceversion: number, { customer }: Job, time: string) =>
  ({
    specversion: '1.0',
    id: createHash('sha256').update(`${source} ${sourceversion}`).digest('base64url').slice(0, 32),
    ...{ source, sourceversion, time, customer },
    datacontenttype: 'application/json',
  }) as const;
