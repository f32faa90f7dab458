import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Tracing } from '@simfleet/runtime';
import type { Collection, NewEvent } from '@simfleet/storage';
import { isOver } from '@simfleet/domain';
import type { JobDocument, StoredJob } from './job-document.ts';

/** A decision on a job: the new document and the events that go out with it. Null = nothing to change. */
export interface JobChange {
  readonly doc: JobDocument;
  readonly events?: readonly NewEvent[];
}

/** `version` is the one that the write will have. */
export type DecideJob = (job: JobDocument, version: number) => JobChange | null;

/** `job` is null when it was deleted, `before` when it is new, or was written by another process. */
export type SavedListener = (id: string, job: StoredJob | null, before: StoredJob | null) => void;

/** Jobs with their optimistic writes, whose events carry the trace that they are written for; tells the process of each, and of those of other processes that it learns of. */
export interface JobStore {
  readonly collection: Collection<JobDocument>;
  /** Throws `not-found`. */
  need(id: string): Promise<StoredJob>;
  insert(id: string, doc: JobDocument, events: readonly NewEvent[]): Promise<StoredJob>;
  /**
   * Reads, decides and saves, again when somebody else was faster. Answers the job as it is then stored.
   * Throws `not-found`, what `decide` throws, and what `check` throws for the stored version (`If-Match`).
   */
  change(id: string, decide: DecideJob, check?: (version: number) => void): Promise<StoredJob>;
  /** Throws `version-conflict`, `not-found`. */
  delete(job: StoredJob, events: readonly NewEvent[]): Promise<void>;
  /** Reads a job that another process may have written, and tells the listeners when it did. Answers it; null when it is gone. */
  learn(id: string): Promise<StoredJob | null>;
  /** Called after each durable write of this process, and after each that is learnt of; never with a version older than one told before. */
  onSaved(listener: SavedListener): void;
  /** Called after each durable write of this process alone: to tell others. */
  onWritten(listener: (id: string) => void): void;
}

const mostTries = 20;

export const openJobStore = (collection: Collection<JobDocument>, tracing: Pick<Tracing, 'current'>): JobStore => {
  const listeners: SavedListener[] = [];
  const writtenListeners: ((id: string) => void)[] = [];
  /** Newest version told of each active job. */
  const told = new Map<string, number>();

  const tell: SavedListener = (id, job, before) => {
    if (job === null || isOver(job.doc)) told.delete(id);
    else if ((told.get(id) ?? 0) <= job.version) told.set(id, job.version);
    else return;
    for (const listener of listeners) listener(id, job, before);
  };

  const written: SavedListener = (id, job, before) => {
    tell(id, job, before);
    for (const listener of writtenListeners) listener(id);
  };

  const traced = (events: readonly NewEvent[]): readonly NewEvent[] => {
    const trace = tracing.current();
    return trace === undefined ? events : events.map((event) => ({ ...event, ...trace }));
  };

  const need = async (id: string): Promise<StoredJob> => {
    const job = await collection.get(id);
    if (job === null) throw new SimfleetError('not-found', `there is no job "${id}"`);
    return job;
  };

  return {
    collection,
    need,
    async insert(id, doc, events) {
      const job = await collection.insert(id, doc, traced(events));
      written(id, job, null);
      return job;
    },
    async change(id, decide, check) {
      for (let tries = 1; ; tries++) {
        const before = await need(id);
        check?.(before.version);
        const change = decide(before.doc, before.version + 1);
        if (change === null) return before;
        try {
          const after = await collection.save(id, before.version, change.doc, traced(change.events ?? []));
          written(id, after, before);
          return after;
        } catch (error) {
          if (errorCode(error) !== 'version-conflict' || tries === mostTries) throw error;
        }
      }
    },
    async delete(job, events) {
      await collection.delete(job.id, job.version, traced(events));
      written(job.id, null, job);
    },
    async learn(id) {
      const job = await collection.get(id);
      if (job === null) tell(id, null, null);
      else if (told.get(id) !== job.version) tell(id, job, null);
      return job;
    },
    onSaved: (listener) => void listeners.push(listener),
    onWritten: (listener) => void writtenListeners.push(listener),
  };
};
