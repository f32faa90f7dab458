import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Collection, NewEvent } from '@simfleet/storage';
import type { JobDocument, StoredJob } from './job-document.ts';

/** A decision on a job: the new document and the events that go out with it. Null = nothing to change. */
export interface JobChange {
  readonly doc: JobDocument;
  readonly events?: readonly NewEvent[];
}

/** `version` is the one that the write will have. */
export type DecideJob = (job: JobDocument, version: number) => JobChange | null;

/** `job` is null when it was deleted, `before` when it is new. */
export type SavedListener = (id: string, job: StoredJob | null, before: StoredJob | null) => void;

/** Jobs with their optimistic writes; tells the process of each. */
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
  /** Called after each durable write of this process, in order per job. */
  onSaved(listener: SavedListener): void;
}

const mostTries = 20;

export const openJobStore = (collection: Collection<JobDocument>): JobStore => {
  const listeners: SavedListener[] = [];
  const tell: SavedListener = (...saved) => listeners.forEach((listener) => listener(...saved));

  const need = async (id: string): Promise<StoredJob> => {
    const job = await collection.get(id);
    if (job === null) throw new SimfleetError('not-found', `there is no job "${id}"`);
    return job;
  };

  return {
    collection,
    need,
    async insert(id, doc, events) {
      const job = await collection.insert(id, doc, events);
      tell(id, job, null);
      return job;
    },
    async change(id, decide, check) {
      for (let tries = 1; ; tries++) {
        const before = await need(id);
        check?.(before.version);
        const change = decide(before.doc, before.version + 1);
        if (change === null) return before;
        try {
          const after = await collection.save(id, before.version, change.doc, change.events ?? []);
          tell(id, after, before);
          return after;
        } catch (error) {
          if (errorCode(error) !== 'version-conflict' || tries === mostTries) throw error;
        }
      }
    },
    async delete(job, events) {
      await collection.delete(job.id, job.version, events);
      tell(job.id, null, job);
    },
    onSaved: (listener) => void listeners.push(listener),
  };
};
