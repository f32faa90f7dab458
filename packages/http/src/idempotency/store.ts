import { createHash } from 'node:crypto';
import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Clock } from '@simfleet/runtime';
import type { Collection, Stored } from '@simfleet/storage';
import { effectIdOf } from './effect-id.ts';
import type { IdempotencyRecord, StoredResponse } from './record.ts';

export interface IdempotencyOptions {
  readonly collection: Collection<IdempotencyRecord>;
  readonly clock: Clock;
  /** How long an answer is kept; default 24 h. */
  readonly keepMs?: number;
  /** How long a request may run before a repetition takes over; default 30 s. */
  readonly leaseMs?: number;
  /** Names this process among those on the store, for as long as it lives. */
  readonly owner: string;
  /** Whether the process of that name lives. The claims of a dead one are taken over without waiting for their lease. */
  readonly isAlive: (owner: string) => Promise<boolean>;
}

/** A request's claim on its key. */
export interface Claim {
  readonly effectId: string;
  /** Keeps the answer for repetitions. */
  complete(response: StoredResponse): Promise<void>;
  /** The request met a temporary fault: a repetition may run at once, with the same `effectId`. */
  release(): Promise<void>;
}

export type ClaimResult =
  { readonly kind: 'claimed'; readonly claim: Claim } | { readonly kind: 'replay'; readonly response: StoredResponse };

/** Remembers requests by Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07). */
export interface IdempotencyStore {
  /**
   * Throws `idempotency-conflict` when the key belongs to another request, `idempotency-in-progress` while the first one runs.
   */
  claim(principalId: string, key: string, fingerprint: string): Promise<ClaimResult>;
  /** Removes records that have expired; answers how many. */
  sweep(): Promise<number>;
}

const defaultKeepMs = 24 * 3_600_000;
const defaultLeaseMs = 30_000;

export const createIdempotencyStore = (options: IdempotencyOptions): IdempotencyStore => {
  const { collection, clock, owner, isAlive, keepMs = defaultKeepMs, leaseMs = defaultLeaseMs } = options;
  /** Claims whose requests run here: the versions of their records. */
  const running = new Map<string, number>();

  const claimed = (row: Stored<IdempotencyRecord>): ClaimResult => {
    running.set(row.id, row.version);
    // A claim that was taken over in between fails its compare-and-set: the answer of the newer one stands.
    const settle = async (change: Partial<IdempotencyRecord>): Promise<void> => {
      try {
        await collection.save(row.id, row.version, { ...row.doc, ...change });
      } catch (error) {
        if (errorCode(error) !== 'version-conflict' && errorCode(error) !== 'not-found') throw error;
      } finally {
        if (running.get(row.id) === row.version) running.delete(row.id);
      }
    };
    const claim: Claim = {
      effectId: effectIdOf(row.id, row.doc.createdAt),
      complete: (response) => settle({ response }),
      release: () => settle({ leaseUntil: row.doc.createdAt }),
    };
    return { kind: 'claimed', claim };
  };
  const fresh = (fingerprint: string): IdempotencyRecord => ({
    customer: '*',
    fingerprint,
    owner,
    leaseUntil: time(clock.now() + leaseMs),
    createdAt: time(clock.now()),
    expiresAt: time(clock.now() + keepMs),
    response: null,
  });
  /** Of this process's own claims some could not be given back, since the store was away: nobody runs those. */
  const isRunning = async ({ id, doc }: Stored<IdempotencyRecord>): Promise<boolean> => {
    if (doc.leaseUntil <= time(clock.now())) return false;
    return doc.owner === owner ? running.has(id) : isAlive(doc.owner);
  };
  const again = async (
    row: Stored<IdempotencyRecord>,
    fingerprint: string,
  ): Promise<IdempotencyRecord | StoredResponse> => {
    const { doc } = row;
    if (doc.expiresAt <= time(clock.now())) return fresh(fingerprint);
    if (doc.fingerprint !== fingerprint) throw conflict();
    if (doc.response !== null) return doc.response;
    if (await isRunning(row)) throw inProgress();
    return { ...doc, owner, leaseUntil: time(clock.now() + leaseMs) };
  };

  return {
    async claim(principalId, key, fingerprint) {
      const id = digest([principalId, key]);
      const row = await collection.get(id);
      try {
        if (row === null) return claimed(await collection.insert(id, fresh(fingerprint)));
        const next = await again(row, fingerprint);
        if ('status' in next) return { kind: 'replay', response: next };
        return claimed(await collection.save(id, row.version, next));
      } catch (error) {
        // Another request with the same key was quicker by a moment.
        const code = errorCode(error);
        if (code === 'already-exists' || code === 'version-conflict' || code === 'not-found') throw inProgress(error);
        throw error;
      }
    },
    // A range ends before its `to`.
    sweep: () => sweepExpired(collection, time(clock.now() + 1)),
  };
};

/** Digest of a list of texts; JSON keeps them apart. */
export const digest = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

const time = (ms: number): string => new Date(ms).toISOString();

const conflict = (): SimfleetError =>
  new SimfleetError('idempotency-conflict', 'the Idempotency-Key was used for another request', {
    mistakes: [{ pointer: '#header/Idempotency-Key', detail: 'belongs to a request with other content' }],
  });

const inProgress = (cause?: unknown): SimfleetError =>
  new SimfleetError('idempotency-in-progress', 'the first request with this Idempotency-Key is still running', {
    cause,
  });

const sweepExpired = async (collection: Collection<IdempotencyRecord>, before: string): Promise<number> => {
  let removed = 0;
  for (;;) {
    const { rows } = await collection.query({
      filter: { op: 'range', field: 'expiresAt', to: before },
      sort: { field: 'expiresAt', direction: 'ascending' },
      limit: 200,
    });
    for (const row of rows) {
      // Taken up again in between: then it is no longer expired.
      await collection.delete(row.id, row.version).catch((error: unknown) => {
        if (errorCode(error) === undefined) throw error;
      });
    }
    removed += rows.length;
    if (rows.length < 200) return removed;
  }
};
