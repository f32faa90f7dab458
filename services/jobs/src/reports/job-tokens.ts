import { createHash, timingSafeEqual } from 'node:crypto';
import { SimfleetError, errorCode } from '@simfleet/contracts';
import { isOver } from '@simfleet/domain';
import type { Collection, CollectionDeclaration } from '@simfleet/storage';
import type { JobStore } from '../jobs/job-store.ts';

/** The SHA-256 of a job's token, kept beside the job so that registering it does not change the job's ETag. Never answered to anybody. */
interface TokenDocument {
  readonly customer: string;
  readonly sha256: string;
}

export const tokensCollection = { name: 'job_tokens', fields: {}, sorts: [] } as const satisfies CollectionDeclaration;
export type TokenCollection = Collection<TokenDocument>;

/** Tokens by which shards report: 256 random bits that an executor draws, good for one job's reports only and until it is over. */
export interface JobTokens {
  /** Resolves once the hash is durable. False for a job that is over or unknown. */
  register(jobId: string, sha256: string): Promise<boolean>;
  /** Throws `unauthenticated` unless the token is the job's. Takes the same time wherever it differs. */
  check(jobId: string, token: string | null): Promise<void>;
  forget(jobId: string): Promise<void>;
}

export const openJobTokens = (collection: TokenCollection, store: JobStore, shared: boolean): JobTokens => {
  /**
   * Hashes of jobs that report now, so that a report costs no read. Another replica may have registered another one since: a token that does not fit is
   * compared with the stored hash before it is refused. The token before is good for longer then, until the job is over or this one is met.
   */
  const known = new Map<string, Buffer>();
  store.onSaved((jobId, job) => {
    if (job === null || isOver(job.doc)) known.delete(jobId);
  });

  const register = async (jobId: string, sha256: string): Promise<boolean> => {
    const job = await store.collection.get(jobId);
    if (job === null || isOver(job.doc)) return false;
    const doc = { customer: job.doc.customer, sha256 };
    const before = await collection.get(jobId);
    try {
      if (before === null) await collection.insert(jobId, doc);
      else if (before.doc.sha256 !== sha256) await collection.save(jobId, before.version, doc);
    } catch (error) {
      // Another registration was faster: the last one counts.
      if (errorCode(error) === 'already-exists' || errorCode(error) === 'version-conflict')
        return register(jobId, sha256);
      throw error;
    }
    known.set(jobId, Buffer.from(sha256, 'hex'));
    return true;
  };

  const hashOf = async (jobId: string): Promise<Buffer | null> => {
    const cached = known.get(jobId);
    if (cached !== undefined) return cached;
    const stored = await collection.get(jobId);
    if (stored === null) return null;
    const hash = Buffer.from(stored.doc.sha256, 'hex');
    known.set(jobId, hash);
    return hash;
  };

  return {
    register,
    async check(jobId, token) {
      const given = createHash('sha256')
        .update(token ?? '')
        .digest();
      const wasKnown = known.has(jobId);
      if (token !== null && fits(given, await hashOf(jobId))) return;
      if (token !== null && wasKnown && shared) {
        known.delete(jobId);
        if (fits(given, await hashOf(jobId))) return;
      }
      throw new SimfleetError('unauthenticated', 'the token is not the one of this job');
    },
    async forget(jobId) {
      known.delete(jobId);
      const stored = await collection.get(jobId);
      if (stored !== null) await collection.delete(jobId, stored.version).catch(ignoreGone);
    },
  };
};

const fits = (given: Buffer, expected: Buffer | null): boolean => expected !== null && timingSafeEqual(given, expected);

const ignoreGone = (error: unknown): void => {
  if (errorCode(error) !== 'not-found' && errorCode(error) !== 'version-conflict') throw error;
};
