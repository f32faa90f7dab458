import { errorCode } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Stored } from '@simfleet/storage';
import type { JobDocument } from '../jobs/job-document.ts';
import type { LiveLog } from '../live/live-log.ts';
import { platformCustomer } from '../services/service-document.ts';
import { endedJobs } from './ended-jobs.ts';
import { dayMs } from './round.ts';
import type { Round } from './round.ts';

/** How far a way of trimming has come: jobs that ended before `through` (milliseconds since 1970) have at most `kept` events. */
export interface TrimMark {
  readonly customer: string;
  readonly kept: number;
  readonly through: number;
}

export const trimMarksCollection = {
  name: 'retention_marks',
  fields: {},
  sorts: [],
} as const satisfies CollectionDeclaration;

export interface TrimLiveParts {
  readonly jobs: Collection<JobDocument>;
  readonly live: Pick<LiveLog, 'trim'>;
  readonly marks: Collection<TrimMark>;
}

/** The live log of a job is complete this long after its end. */
const settledMs = 60_000;

/** Leaves the result alone of the history of jobs that ended more than so many days ago. */
export const trimOldLive = (parts: TrimLiveParts, days: number, round: Round): Promise<void> =>
  trimEnded(parts, 'live-age', 1, round.now - days * dayMs, round);

/** Leaves so many events of the history of jobs that are over. */
export const trimLongLive = (parts: TrimLiveParts, kept: number, round: Round): Promise<void> =>
  trimEnded(parts, 'live-count', kept, round.now - settledMs, round);

/** Every job is looked at once, not in every round: the mark says from where on, and outlives a crash. */
const trimEnded = async (
  { jobs, live, marks }: TrimLiveParts,
  id: string,
  kept: number,
  to: number,
  round: Round,
): Promise<void> => {
  let mark = await marks.get(id);
  // Fewer are kept than before: from the start again.
  const from = mark === null || mark.doc.kept > kept ? 0 : mark.doc.through;
  for await (const batch of endedJobs(jobs, { from, to })) {
    if (round.ended()) return;
    let removed = 0;
    for (const job of batch) removed += await live.trim(job.id, kept);
    const last = batch.at(-1)?.doc.finishedAt ?? from;
    mark = await moved(marks, id, mark, { customer: platformCustomer, kept, through: last });
    await round.breathe(removed);
  }
};

/** Another process that sweeps too has moved it then, which is as good: trimming twice does nothing. */
const moved = async (
  marks: Collection<TrimMark>,
  id: string,
  before: Stored<TrimMark> | null,
  mark: TrimMark,
): Promise<Stored<TrimMark> | null> => {
  try {
    return await (before === null ? marks.insert(id, mark) : marks.save(id, before.version, mark));
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'version-conflict' && code !== 'already-exists' && code !== 'not-found') throw error;
    return marks.get(id);
  }
};
