import { SimfleetError, errorCode, jobIdOfResource } from '@simfleet/contracts';
import type { CreateJob, JobResource, Principal } from '@simfleet/contracts';
import { initialState } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import type { Audit } from '../audit/audit.ts';
import type { Customers } from '../customers/customers.ts';
import { standingMessage } from '../quotas/admit-waiting.ts';
import type { GivenPlace } from '../quotas/place.ts';
import type { JobQuotas } from '../quotas/quotas.ts';
import type { Catalogue } from '../services/catalogue.ts';
import { recorded, timeText } from './job-document.ts';
import type { JobDocument, StoredJob } from './job-document.ts';
import { jobChanged } from './job-events.ts';
import type { JobNames, Reservation } from './job-names.ts';
import { isSameJob, refuseForeignResource } from './job-ownership.ts';
import type { JobStore } from './job-store.ts';
import type { PreparedJob, PrepareJob } from './prepare-job.ts';
import type { WithdrawUnlessNamed } from './withdraw-job.ts';

export interface CreateJobParts {
  readonly store: JobStore;
  readonly names: JobNames;
  readonly prepare: PrepareJob;
  readonly customers: Pick<Customers, 'removal'>;
  readonly catalogue: Pick<Catalogue, 'removal'>;
  readonly withdrawUnlessNamed: WithdrawUnlessNamed;
  readonly audit: Audit;
  readonly quotas: Pick<JobQuotas, 'enterQueue' | 'askPlace' | 'settle'>;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
}

export interface CreateJobRequest {
  readonly input: CreateJob;
  readonly principal: Principal;
  /** UUID in version 7 form. The same for every repetition of the request, so that a job is created once. */
  readonly effectId: string;
}

/**
 * Creates a job and its event in one write. Throws `invalid-request`, `forbidden`, `already-exists` for a name that is taken,
 * `engine-unavailable`, `quota-exceeded` when the customer has as many queued jobs or used as many paths as it may, `unavailable` when others kept it from being decided: the same request may be sent again. A resource has one job, whose id is a
 * function of the resource: asking for it again answers that job, or throws `version-conflict` when it is another by now.
 */
export type CreateJobCase = (request: CreateJobRequest) => Promise<StoredJob>;

/** A deletion of the customer or service takes milliseconds; one that takes longer than this is ended. */
const waitMs = 20;
const mostWaits = 50;

export const openCreateJob = (parts: CreateJobParts): CreateJobCase => {
  const { store, names, prepare, customers, catalogue, withdrawUnlessNamed, audit, quotas, clock } = parts;

  const insert = async (id: string, doc: JobDocument): Promise<StoredJob> => {
    try {
      return await store.insert(id, doc, [jobChanged(id, doc, 1, doc.createdAt)]);
    } catch (error) {
      if (errorCode(error) !== 'already-exists') throw error;
      // A repetition of a request whose answer was lost.
      const job = await store.collection.get(id);
      if (job === null) throw nameLost(error);
      return job;
    }
  };

  /** Read after the reservation was written: whoever deletes customer or service since then sees the reservation. Null = they are being deleted. */
  const prepareReserved = async (input: CreateJob, reservation: Reservation): Promise<PreparedJob | null> => {
    let prepared: PreparedJob | null = null;
    try {
      prepared = await prepare(input);
      return prepared.isLeaving ? null : prepared;
    } finally {
      if (prepared === null || prepared.isLeaving) await reservation.giveBack();
    }
  };

  /** Null when the customer or the service is being deleted: wait for the end of that. */
  const attempt = async (
    id: string,
    name: string,
    { input, principal }: CreateJobRequest,
  ): Promise<StoredJob | null> => {
    const claim = { customer: input.customer, name, jobId: id };
    const reservation = await names.reserve({ ...claim, service: input.spec.serviceRef.name });
    try {
      const prepared = await prepareReserved(input, reservation);
      if (prepared === null) return null;
      const given = await placeOf(input, id);
      const doc = newJob({ ...input, name }, prepared, {
        claim: reservation.token,
        given,
        by: principal,
        now: clock.now(),
      });
      const job = await insert(id, doc);
      const isNamed = job.doc.claim === reservation.token && (await names.confirm(claim, reservation.token));
      if (isNamed || (await withdrawUnlessNamed(id))) return job;
      throw nameLost();
    } finally {
      reservation.end();
    }
  };

  /** A job that is created suspended asks for a place when it is resumed. */
  const placeOf = ({ customer, spec }: CreateJob, id: string): Promise<GivenPlace> | null =>
    spec.suspend ? null : quotas.askPlace(customer, id);

  const awaitDeletions = async ({ customer, spec }: CreateJob, waits: number): Promise<void> => {
    const both = [() => customers.removal.isStaying(customer), () => catalogue.removal.isStaying(spec.serviceRef.name)];
    const staying = await Promise.all(both.map((isStaying) => isStaying()));
    if (staying.every(Boolean)) return;
    if (waits < mostWaits) return clock.sleep(waitMs);
    await customers.removal.keep(customer);
    await catalogue.removal.keep(spec.serviceRef.name);
  };

  const create = async (id: string, request: CreateJobRequest): Promise<StoredJob> => {
    const { input } = request;
    const name = input.name ?? generatedName(input.spec.serviceRef.name, id);
    // Mistakes cost no write. A repetition finds its job whatever became of customer and service.
    const created = await prepare(input).then(
      () => null,
      async (error: unknown) => {
        if (await withdrawUnlessNamed(id)) return store.need(id);
        throw error;
      },
    );
    if (created !== null) return created;
    const { customer } = input;
    try {
      await quotas.enterQueue(customer, id);
    } catch (error) {
      // A repetition asks for nothing more.
      if (errorCode(error) === 'quota-exceeded' && (await withdrawUnlessNamed(id))) return store.need(id);
      throw error;
    }
    let job: StoredJob | null = null;
    try {
      job = await attempts(id, name, request);
      return job;
    } finally {
      await quotas.settle(customer, id, job ?? (await store.collection.get(id).catch(() => null)));
    }
  };

  const attempts = async (id: string, name: string, request: CreateJobRequest): Promise<StoredJob> => {
    const { input } = request;
    for (let waits = 0; waits < 2 * mostWaits; waits++) {
      const job = await attempt(id, name, request);
      if (job !== null) return job;
      await awaitDeletions(input, waits);
    }
    throw new SimfleetError('unavailable', 'the customer or the service is being deleted');
  };

  const ofResource = async (request: CreateJobRequest, resource: JobResource): Promise<StoredJob> => {
    const { input } = request;
    const id = jobIdOfResource(resource);
    const job = (await withdrawUnlessNamed(id)) ? await store.need(id) : await createFreelyNamed(id, request, resource);
    if (isSameJob(job.doc, input)) return job;
    throw new SimfleetError('version-conflict', `the resource has job ${id}, with another spec: read it and change it`);
  };

  /** An earlier resource of the name may be gone and its result still here: then the job is told apart by the resource's uid. */
  const createFreelyNamed = async (id: string, request: CreateJobRequest, { uid, name: own }: JobResource) => {
    const { customer, name = own } = request.input;
    const input = { ...request.input, name };
    try {
      return await create(id, { ...request, input });
    } catch (error) {
      if (errorCode(error) !== 'already-exists' || !(await isOfGoneResource(customer, name))) throw error;
      const apart = `${name.slice(0, 54)}-${uid.slice(0, 8)}`;
      return create(id, { ...request, input: { ...input, name: apart } });
    }
  };

  const isOfGoneResource = async (customer: string, name: string): Promise<boolean> => {
    const { rows } = await store.collection.query({
      filter: {
        op: 'and',
        all: [
          { op: 'eq', field: 'customer', value: customer },
          { op: 'eq', field: 'name', value: name },
        ],
      },
      sort: { field: 'createdAt', direction: 'descending' },
      limit: 1,
    });
    return rows.some(({ doc }) => doc.origin === 'kubernetes' && doc.resource === undefined);
  };

  return async (request) => {
    const { input, principal, effectId } = request;
    const { resource } = input;
    refuseForeignResource(resource, principal);
    const job = resource === undefined ? await create(`job-${effectId}`, request) : await ofResource(request, resource);
    const { id } = job;
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

const nameLost = (cause?: unknown): SimfleetError =>
  new SimfleetError('unavailable', 'the creation took so long that its name was given away: send it again', { cause });

/** The service's name and 48 random bits of the id. */
const generatedName = (service: string, id: string): string => `${service.slice(0, 50)}-${id.slice(-12)}`;

interface Creation {
  /** Token of the reservation of its name. */
  readonly claim: string;
  readonly given: GivenPlace | null;
  readonly by: Principal;
  readonly now: number;
}

const newJob = (
  input: CreateJob & { readonly name: string },
  { pin, parameters }: PreparedJob,
  { claim, given, by, now }: Creation,
): JobDocument => {
  const message = given?.message ?? standingMessage({ service: pin });
  const job: JobDocument = {
    customer: input.customer,
    name: input.name,
    labels: input.labels,
    origin: input.resource === undefined ? 'api' : 'kubernetes',
    ...(input.resource === undefined ? {} : { resource: input.resource }),
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
    message,
    exhaustedShards: [],
    crossed: [],
    claim,
    handled: {},
    history: [],
    result: null,
    blocksReported: 0,
    expiresAt: null,
  };
  return recorded(null, job, { by, now, message, place: given?.place });
};
