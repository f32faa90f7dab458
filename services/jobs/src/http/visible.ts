import { SimfleetError } from '@simfleet/contracts';
import type { Principal } from '@simfleet/contracts';
import type { RequestContext } from '@simfleet/http';
import { etagOf, requireIfMatch } from '@simfleet/http';
import type { Answer } from '@simfleet/http';
import type { Filter } from '@simfleet/storage';
import type { StoredJob } from '../jobs/job-document.ts';
import type { JobStore } from '../jobs/job-store.ts';

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

/** Refuses a change of another version than `If-Match` names. */
export const ifMatchOf =
  (request: RequestContext) =>
  (version: number): void =>
    requireIfMatch(request.ifMatch, version);

/** The record with its strong ETag. */
export const answerRecord = (
  status: number,
  version: number,
  body: unknown,
  headers: Record<string, string> = {},
): Answer => ({
  status,
  body,
  headers: { etag: etagOf(version), ...headers },
});
