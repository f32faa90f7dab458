import { errorCode, SimfleetError } from '@simfleet/contracts';
import type { ErrorCode } from '@simfleet/contracts';
import type { Collection, Position } from '@simfleet/storage';
import type { DeleteJob } from '../jobs/delete-job.ts';
import { system } from '../jobs/end-job.ts';
import type { JobDocument, StoredJob } from '../jobs/job-document.ts';
import { endedFilter, endedJobs } from './ended-jobs.ts';
import { batchSize, dayMs } from './round.ts';
import type { Round } from './round.ts';

export interface RemoveJobsParts {
  readonly jobs: Collection<JobDocument>;
  readonly deleteJob: Pick<DeleteJob, 'delete'>;
}

/** Deletes the jobs that ended more than so many days ago. */
export const removeOldJobs = async (parts: RemoveJobsParts, days: number, round: Round): Promise<void> => {
  for await (const batch of endedJobs(parts.jobs, { to: round.now - days * dayMs })) {
    if (round.ended()) return;
    await round.breathe(await removeBatch(parts, batch));
  }
};

/**
 * Deletes what a customer has beyond so many jobs that are over, those that ended first. What goes is found from the newest kept one down, not by
 * counting, so that two sweeps at the same time remove the same jobs and no more.
 */
export const removeSurplusJobs = async (
  parts: RemoveJobsParts,
  customer: string,
  kept: number,
  round: Round,
): Promise<void> => {
  const oldestKept = await positionOf(parts.jobs, customer, kept);
  for (let after = oldestKept; after !== null && !round.ended();) {
    const { rows, more } = await parts.jobs.query({ ...newestFirst(customer), limit: batchSize, after });
    await round.breathe(await removeBatch(parts, rows));
    after = more ? (rows.at(-1)?.position ?? null) : null;
  }
};

const newestFirst = (customer: string) =>
  ({ filter: endedFilter({ customer }), sort: { field: 'finishedAt', direction: 'descending' } }) as const;

const deepestOffset = 10_000;

/** Where the n-th newest stands; null when there are fewer. */
const positionOf = async (jobs: Collection<JobDocument>, customer: string, nth: number): Promise<Position | null> => {
  const offset = Math.min(nth - 1, deepestOffset);
  const first = await jobs.query({ ...newestFirst(customer), limit: 1, offset });
  let position = first.rows[0]?.position ?? null;
  for (let left = nth - 1 - offset; left > 0 && position !== null;) {
    const limit = Math.min(left, 1000);
    const { rows } = await jobs.query({ ...newestFirst(customer), limit, after: position });
    position = rows.length < limit ? null : (rows.at(-1)?.position ?? null);
    left -= limit;
  }
  return position;
};

/** Deleted by somebody else, extended and running again, or kept by the resource that it came from. */
const staying: ReadonlySet<ErrorCode> = new Set(['not-found', 'version-conflict', 'job-not-over', 'owned-by-resource']);

/** Deletes them as a person would, so that everybody is told. Answers how many went. */
const removeBatch = async ({ deleteJob }: RemoveJobsParts, batch: readonly StoredJob[]): Promise<number> => {
  let removed = 0;
  for (const { id, version } of batch) {
    const asItWas = (current: number): void => {
      if (current !== version) throw new SimfleetError('version-conflict', 'the job changed meanwhile');
    };
    try {
      await deleteJob.delete(id, system, asItWas);
      removed += 1;
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined || !staying.has(code)) throw error;
    }
  }
  return removed;
};
