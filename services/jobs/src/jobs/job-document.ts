import { containerEngine } from '@simfleet/contracts';
import type { JobOrigin, JobResource, JobResult, JobSpec, JobState, Principal, StopReason } from '@simfleet/contracts';
import { expiresAt } from '@simfleet/domain';
import type { Engine, JobFacts, MetricDescription } from '@simfleet/domain';
import type { CollectionDeclaration, Stored } from '@simfleet/storage';
import { placeAfter, turnMessage } from '../quotas/place.ts';
import type { Place } from '../quotas/place.ts';
import { imageEngine } from '../services/image-engine.ts';

/** A change of state, kept in the job so that its live log and audit can be completed after a crash. */
export interface Transition {
  /** 1, 2, 3, … over the life of the job. */
  readonly number: number;
  readonly time: string;
  readonly state: JobState;
  readonly stopReason: StopReason | null;
  readonly message: string | null;
  /** Id of the principal that caused it. */
  readonly by: string;
}

/** What the job is bound to for life: it never moves to another version or kernel. */
export interface Pin {
  readonly name: string;
  readonly version: number;
  readonly engine: string;
  readonly engineVersion: string;
  readonly kernelHash: string;
  readonly generator: string | null;
  readonly blockSize: number;
  /** Of a container service, whose engine is made from this pin; absent for engines of the platform. */
  readonly metrics?: readonly MetricDescription[];
}

/** A job as stored. Progress is not in it while the job is active: the ledger says it. */
export interface JobDocument extends JobFacts {
  readonly customer: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly origin: JobOrigin;
  /** The resource that the spec comes from; absent when there is none, or no more. */
  readonly resource?: JobResource;
  readonly createdBy: string;
  readonly createdAt: string;
  /** Rises with every accepted change of the spec. */
  readonly generation: number;
  /** Rises when the bounds change: shards start afresh and everything is judged again from the first look. */
  readonly run: number;
  /** `maxPaths` of earlier runs, oldest first; absent in a job that was never given more paths. Their last blocks were short. */
  readonly earlierMaxPaths?: readonly string[];
  /** Parameters of the spec, completed with the defaults of the service. */
  readonly parameters: JobSpec['parameters'];
  readonly service: Pin;
  /** Among the active jobs of its customer; absent while it is suspended or over, and in jobs of release 0.1.0. */
  readonly place?: Place;
  /** Why the job is in its state, for a person. */
  readonly message: string | null;
  /** Shards of this run whose retries are used up. */
  readonly exhaustedShards: readonly number[];
  /** Thresholds of which people were told that they were crossed, as `thresholdMark` writes them. */
  readonly crossed: readonly string[];
  /** Token of the reservation of its name; absent in jobs of release 0.1.0. */
  readonly claim?: string;
  /** Newest event of each executor whose effect is in this document, by source. */
  readonly handled: Readonly<Record<string, number>>;
  /** The last changes of state, oldest first. */
  readonly history: readonly Transition[];
  /** Set at the end of a run. */
  readonly result: JobResult | null;
  /** Blocks reported in any order, at the end of a run. */
  readonly blocksReported: number;
  /** When the record goes away; null = never, or not over. */
  readonly expiresAt: string | null;
}

export type StoredJob = Stored<JobDocument>;

export const jobsCollection = {
  name: 'jobs',
  fields: {
    customer: { path: ['customer'], type: 'text' },
    name: { path: ['name'], type: 'text' },
    state: { path: ['state'], type: 'text' },
    service: { path: ['service', 'name'], type: 'text' },
    createdAt: { path: ['createdAt'], type: 'time' },
    expiresAt: { path: ['expiresAt'], type: 'time' },
    finishedAt: { path: ['finishedAt'], type: 'number' },
    place: { path: ['place'], type: 'text' },
  },
  sorts: ['createdAt', 'name', 'expiresAt', 'finishedAt'],
  // Of millions of jobs few are Failed or Running, or of one service, and one has a name: their lists and counts read those alone.
  indexes: [
    { equal: ['customer', 'name'], sort: 'createdAt' },
    { equal: ['state'], sort: 'createdAt' },
    { equal: ['customer', 'state'], sort: 'createdAt' },
    { equal: ['customer', 'place'], sort: 'createdAt' },
    { equal: ['service'], sort: 'createdAt' },
    { equal: ['customer', 'service'], sort: 'createdAt' },
  ],
} as const satisfies CollectionDeclaration;

/** Transitions kept in the document; older ones are in the live log long since. */
const keptTransitions = 16;

/** A decision, with what is written down of it. */
export interface Decided {
  readonly by: Pick<Principal, 'id'>;
  readonly now: number;
  readonly message: string | null;
  /** Where the job stands now, if it is active; one that begins to queue and was given no place waits for one. */
  readonly place?: Place | undefined;
}

/** The job after a decision of the lifecycle: a change of state or place is written down, and when the record may go. */
export const recorded = (before: JobDocument | null, job: JobDocument, decided: Decided): JobDocument => {
  const { by, now, message } = decided;
  // The time to live of a resource ends the resource: its result stays here.
  const expires = job.origin === 'kubernetes' ? null : expiresAt(job);
  const { place: _old, ...rest } = job;
  const place = placeAfter(before, job, decided.place);
  const after = {
    ...rest,
    ...(place === null ? {} : { place }),
    expiresAt: expires === null ? null : timeText(expires),
  };
  const isMoved = place !== null && before?.place !== undefined && before.place !== place;
  if (before !== null && before.state === job.state && before.run === job.run && !isMoved) return after;
  const said = message ?? (place === 'waits' ? turnMessage : null);
  const transition: Transition = {
    number: (job.history.at(-1)?.number ?? 0) + 1,
    time: timeText(now),
    state: job.state,
    stopReason: job.stopReason,
    message: said,
    by: by.id,
  };
  return { ...after, message: said, history: [...job.history, transition].slice(-keptTransitions) };
};

/** The spec with completed parameters: what planning and judging work on. */
export const effectiveSpec = (job: JobDocument): JobSpec => ({ ...job.spec, parameters: job.parameters });

/** The engine build that the job is bound to, or null when this platform does not have it. An image is bound by its digest wherever it runs. */
export const engineOf = ({ service }: Pick<JobDocument, 'service'>, engines: readonly Engine[]): Engine | null => {
  const { engine, kernelHash, engineVersion, blockSize, metrics } = service;
  if (engine === containerEngine && metrics !== undefined)
    return imageEngine({ kernelHash, blockSize, metrics, description: service.name });
  return (
    engines.find((each) => each.name === engine && each.kernelHash === kernelHash && each.version === engineVersion) ??
    null
  );
};

export const timeText = (milliseconds: number): string => new Date(milliseconds).toISOString();
