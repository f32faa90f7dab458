import { errorCode } from '@simfleet/contracts';
import type { CreateJob, Principal } from '@simfleet/contracts';
import { initialState } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import type { Audit } from '../audit/audit.ts';
import { customerLock } from '../customers/customers.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import { serviceLock } from '../services/catalogue.ts';
import { recorded, timeText } from './job-document.ts';
import type { JobDocument, StoredJob } from './job-document.ts';
import { jobChanged } from './job-events.ts';
import type { JobNames } from './job-names.ts';
import type { JobStore } from './job-store.ts';
import type { PreparedJob, PrepareJob } from './prepare-job.ts';

export interface CreateJobParts {
  readonly store: JobStore;
  readonly names: JobNames;
  readonly prepare: PrepareJob;
  readonly lock: KeyedLock;
  readonly audit: Audit;
  readonly clock: Pick<Clock, 'now'>;
}

export interface CreateJobRequest {
  readonly input: CreateJob;
  readonly principal: Principal;
  /** UUID in version 7 form. The same for every repetition of the request, so that a job is created once. */
  readonly effectId: string;
}

/**
 * Creates a job and its event in one write. Throws `invalid-request`, `forbidden`, `already-exists` for a name that is taken,
 * `engine-unavailable`.
 */
export type CreateJobCase = (request: CreateJobRequest) => Promise<StoredJob>;

export const openCreateJob = (parts: CreateJobParts): CreateJobCase => {
  const { store, names, prepare, lock, audit, clock } = parts;

  const insert = async (id: string, doc: JobDocument): Promise<StoredJob> => {
    try {
      return await store.insert(id, doc, [jobChanged(id, doc, 1, doc.createdAt)]);
    } catch (error) {
      // A repetition of a request whose answer was lost.
      if (errorCode(error) === 'already-exists') return store.need(id);
      throw error;
    }
  };

  const create = async (id: string, { input, principal }: CreateJobRequest): Promise<StoredJob> => {
    const prepared = await prepare(input);
    const name = input.name ?? generatedName(input.spec.serviceRef.name, id);
    const doc = newJob({ ...input, name }, prepared, principal, clock.now());
    return names.reserved({ customer: doc.customer, name, jobId: id }, () => insert(id, doc));
  };

  return async (request) => {
    const { input, principal, effectId } = request;
    const id = `job-${effectId}`;
    // Neither customer nor service may be deleted between the look at them and the insert.
    const job = await lock.shared(customerLock(input.customer), () =>
      lock.shared(serviceLock(input.spec.serviceRef.name), () => create(id, request)),
    );
    await audit.write({
      principal,
      customer: job.doc.customer,
      action: 'jobs.create',
      subject: `jobs/${id}`,
      since: job.doc.createdAt,
      version: 1,
    });
    return job;
  };
};

/** The service's name and 48 random bits of the id. */
const generatedName = (service: string, id: string): string => `${service.slice(0, 50)}-${id.slice(-12)}`;

const newJob = (
  input: CreateJob & { readonly name: string },
  { pin, parameters }: PreparedJob,
  by: Principal,
  now: number,
): JobDocument => {
  const job: JobDocument = {
    customer: input.customer,
    name: input.name,
    labels: input.labels,
    origin: 'api',
    createdBy: by.id,
    createdAt: timeText(now),
    startedAt: null,
    runningSince: null,
    accumulatedSeconds: 0,
    finishedAt: null,
    generation: 1,
    run: 1,
    spec: input.spec,
    parameters,
    service: pin,
    state: initialState(input.spec),
    stopReason: null,
    message: null,
    exhaustedShards: [],
    crossed: [],
    handled: {},
    history: [],
    result: null,
    blocksReported: 0,
    expiresAt: null,
  };
  return recorded(null, job, { by, now, message: null });
};
