import { SimfleetError } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import type { RequestContext } from '@simfleet/http';
import { etagOf, requireIfMatch } from '@simfleet/http';
import type { Answer } from '@simfleet/http';
import type { Filter, Stored } from '@simfleet/storage';
import type { StoredJob } from '../jobs/job-document.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { CheckVersion } from '../removal/incarnation.ts';

/** The job, for those who may see it; for others there is none. Throws `not-found`. */
export const visibleJob = async (store: JobStore, id: string, request: RequestContext): Promise<StoredJob> => {
  const job = await store.need(id);
  if (!request.permits(job.doc.customer)) throw new SimfleetError('not-found', `there is no job "${id}"`);
  return job;
};

/** Rows of the customers that the principal may act for. */
export const ownFilter = ({ customers }: Principal, field: string): readonly Filter[] =>
  customers === '*' ? [] : [{ op: 'in', field, values: customers }];

export const allOf = (filters: readonly Filter[]): { readonly filter?: Filter } => {
  const [first] = filters;
  if (first === undefined) return {};
  return { filter: filters.length === 1 ? first : { op: 'and', all: filters } };
};

/** Refuses a change of another version, or of an earlier record of the same name, than `If-Match` names. */
export const ifMatchOf =
  (request: RequestContext): CheckVersion =>
  (version, incarnation) =>
    requireIfMatch(request.ifMatch, version, incarnation);

/** A record as stored whose name may come back with other content. */
type Named = Stored<{ readonly incarnation?: string }>;

/** The record with its strong ETag. */
export const answerRecord = (
  status: number,
  record: number | Named,
  body: unknown,
  headers: Record<string, string> = {},
): Answer => ({
  status,
  body,
  headers: {
    etag: typeof record === 'number' ? etagOf(record) : etagOf(record.version, record.doc.incarnation),
    ...headers,
  },
});
