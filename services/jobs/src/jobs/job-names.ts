import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Stored } from '@simfleet/storage';
import type { Claim, Claims } from '../claims.ts';
import type { JobStore } from './job-store.ts';

/**
 * Who has a name: makes names unique per customer, though every job is a document of its own. Written before the job and removed after it; what a
 * customer or service is used by is counted here, since a job that is being created is here already. docs/decisions/0008 has the protocol.
 */
export interface NameDocument {
  readonly customer: string;
  readonly jobId: string;
  /** Service that the job is of. Absent, like `claim`, in reservations of release 0.1.0. */
  readonly service?: string;
  readonly claim?: Claim;
  /** Somebody wants the reservation removed and looks whether the job is there. Undone by whoever finds that it is. */
  readonly struck?: true;
}

export const namesCollection = {
  name: 'job_names',
  fields: { customer: { path: ['customer'], type: 'text' }, service: { path: ['service'], type: 'text' } },
  sorts: ['service'],
  // A job without its reservation would be withdrawn after a restore.
  dumpAfter: ['jobs'],
} as const satisfies CollectionDeclaration;
export type NameCollection = Collection<NameDocument>;
export type StoredName = Stored<NameDocument>;

export interface NameClaim {
  readonly customer: string;
  readonly name: string;
  readonly jobId: string;
}

/** A name that is reserved for a job that is being created. */
export interface Reservation {
  /** Goes into the job: job and reservation with the same token belong together. */
  readonly token: string;
  /** The job will not be created. Nothing when somebody else creates the same job. */
  giveBack(): Promise<void>;
  /** The creation is over, or will not go on: what it left may be taken over. Idempotent. */
  end(): void;
}

export interface JobNames {
  /**
   * Reserves the name; the same job may do so again. A reservation that a creation left behind without its job is taken over.
   * Throws `already-exists` when another job has the name or is being created with it.
   */
  reserve(claim: NameClaim & { readonly service: string }): Promise<Reservation>;
  /**
   * Whether the job, which is stored, has its name for as long as it lives. False = its reservation was removed while its creator was paused: it is
   * none, and must be withdrawn. The answer is final.
   */
  confirm(claim: NameClaim, token: string): Promise<boolean>;
  /**
   * Removes a reservation that nobody needs: its job does not exist, nobody creates it, and whoever comes back to it will not be confirmed.
   * `job` = the job exists, `live` = it is being created.
   */
  clear(stored: StoredName): Promise<'cleared' | 'job' | 'live'>;
  /** Gives the name of a deleted job back, if it is still its. */
  release(claim: NameClaim): Promise<void>;
}

const mostTries = 50;

const idOf = ({ customer, name }: NameClaim): string => `${customer}/${name}`;

export const tokenOf = (doc: { readonly claim?: Claim | undefined }): string => doc.claim?.token ?? '';

export const openJobNames = (names: NameCollection, store: JobStore, claims: Claims): JobNames => {
  const jobExists = async (jobId: string): Promise<boolean> => (await store.collection.get(jobId)) !== null;

  const unstrike = (stored: StoredName): Promise<StoredName | null> =>
    unlessChanged(() => names.save(stored.id, stored.version, withoutStroke(stored.doc)));

  /**
   * Strikes the reservation and then looks for its job. Null = the job is there, or somebody was faster; else nobody can confirm a job with this
   * reservation any more unless they undo the stroke, which makes a write at the answered version fail.
   */
  const strike = async (stored: StoredName): Promise<StoredName | null> => {
    const struck =
      stored.doc.struck === true
        ? stored
        : await unlessChanged(() => names.save(stored.id, stored.version, { ...stored.doc, struck: true }));
    if (struck === null) return null;
    if (!(await jobExists(struck.doc.jobId))) return struck;
    await unstrike(struck);
    return null;
  };

  const remove = async (stored: StoredName): Promise<boolean> => {
    const struck = await strike(stored);
    if (struck === null) return false;
    return (await unlessChanged(() => names.delete(struck.id, struck.version).then(() => true))) ?? false;
  };

  /** The job's own reservation, by an earlier try of the same request. */
  const join = async (stored: StoredName): Promise<string | null> => {
    const token = tokenOf(stored.doc);
    if (stored.doc.claim?.owner === claims.owner && stored.doc.struck !== true) return token;
    const doc = { ...withoutStroke(stored.doc), claim: { ...claims.draw(), token } };
    return (await unlessChanged(() => names.save(stored.id, stored.version, doc))) === null ? null : token;
  };

  /** Null when somebody else was faster: look again. */
  const take = async (claim: NameClaim, fresh: NameDocument): Promise<string | null> => {
    const id = idOf(claim);
    const stored = await names.get(id);
    if (stored === null) return (await unlessChanged(() => names.insert(id, fresh))) && tokenOf(fresh);
    if (stored.doc.jobId === claim.jobId) return join(stored);
    if (await jobExists(stored.doc.jobId)) throw taken(claim, `is the name of job ${stored.doc.jobId}`);
    if (!(await claims.isAbandoned(stored.doc.claim)))
      throw taken(claim, `is the name that job ${stored.doc.jobId} is being created with`);
    const struck = await strike(stored);
    if (struck === null) return null;
    return (await unlessChanged(() => names.save(id, struck.version, fresh))) && tokenOf(fresh);
  };

  const reservation = (claim: NameClaim, token: string, end: () => void): Reservation => ({
    token,
    end,
    async giveBack() {
      const stored = await names.get(idOf(claim));
      if (stored === null || !isOf(stored, claim, token)) return;
      // Another try of the same request goes on with it.
      if (stored.doc.claim?.owner !== claims.owner || claims.underWay(token) > 1) return;
      await remove(stored);
    },
  });

  const reserve: JobNames['reserve'] = async ({ service, ...claim }) => {
    for (let tries = 1; tries <= mostTries; tries++) {
      const { customer, jobId } = claim;
      const fresh = { customer, jobId, service, claim: claims.draw() };
      // Before the write, so that nobody here takes it for left behind.
      const end = claims.begin(tokenOf(fresh));
      try {
        const token = await take(claim, fresh);
        if (token === null) continue;
        return reservation(claim, token, claims.begin(token));
      } finally {
        end();
      }
    }
    throw new SimfleetError('unavailable', `too many want the name "${claim.name}" at once`);
  };

  const confirm: JobNames['confirm'] = async (claim, token) => {
    for (let tries = 1; tries <= mostTries; tries++) {
      const stored = await names.get(idOf(claim));
      if (stored === null || !isOf(stored, claim, token)) return false;
      if (stored.doc.struck !== true) return true;
      if ((await unstrike(stored)) !== null) return true;
    }
    throw new SimfleetError('unavailable', `too many want the name "${claim.name}" at once`);
  };

  return {
    reserve,
    confirm,
    async clear(stored) {
      if (await jobExists(stored.doc.jobId)) return 'job';
      if (!(await claims.isAbandoned(stored.doc.claim))) return 'live';
      return (await remove(stored)) ? 'cleared' : 'live';
    },
    async release(claim) {
      for (let tries = 1; tries <= mostTries; tries++) {
        const stored = await names.get(idOf(claim));
        if (stored === null || stored.doc.jobId !== claim.jobId) return;
        if ((await unlessChanged(() => names.delete(stored.id, stored.version).then(() => true))) !== null) return;
      }
    },
  };
};

const isOf = ({ doc }: StoredName, { jobId }: NameClaim, token: string): boolean =>
  doc.jobId === jobId && tokenOf(doc) === token;

const withoutStroke = ({ struck: _struck, ...doc }: NameDocument): NameDocument => doc;

/** Null when the document is not as it was read. */
const unlessChanged = async <Result>(write: () => Promise<Result>): Promise<Result | null> => {
  try {
    return await write();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'already-exists' || code === 'version-conflict' || code === 'not-found') return null;
    throw error;
  }
};

const taken = ({ customer, name }: NameClaim, detail: string): SimfleetError =>
  new SimfleetError('already-exists', `customer "${customer}" has a job "${name}" already: it ${detail}`, {
    mistakes: [{ pointer: '/name', detail }],
  });
