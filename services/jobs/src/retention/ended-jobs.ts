import type { Collection, Filter, Position } from '@simfleet/storage';
import type { JobDocument, StoredJob } from '../jobs/job-document.ts';
import { batchSize } from './round.ts';

/** Which jobs that are over, by the time of their end: from ≤ end < to. */
export interface EndedBetween {
  readonly customer?: string;
  readonly from?: number;
  readonly to?: number;
}

/** Jobs that are not over have no end and are in no range. */
export const endedFilter = ({ customer, from = 0, to }: EndedBetween): Filter => {
  const ended: Filter = { op: 'range', field: 'finishedAt', from, ...(to === undefined ? {} : { to }) };
  if (customer === undefined) return ended;
  return { op: 'and', all: [{ op: 'eq', field: 'customer', value: customer }, ended] };
};

/** Batches of them, the one that ended first first. Each batch is read when the one before is done with. */
export const endedJobs = async function* (
  jobs: Collection<JobDocument>,
  between: EndedBetween,
): AsyncGenerator<readonly StoredJob[], void> {
  for (let after: Position | undefined; ;) {
    const page = await jobs.query({
      filter: endedFilter(between),
      sort: { field: 'finishedAt', direction: 'ascending' },
      limit: batchSize,
      ...(after === undefined ? {} : { after }),
    });
    if (page.rows.length > 0) yield page.rows;
    after = page.rows.at(-1)?.position;
    if (!page.more || after === undefined) return;
  }
};
