import { SimfleetError, errorCode } from '@simfleet/contracts';
import type { Clock } from '@simfleet/runtime';
import type { Collection, Document, Stored } from '@simfleet/storage';
import type { Claim, Claims } from '../claims.ts';

/**
 * A customer or service. While somebody deletes it, it carries the mark of that: jobs are not created with it then. Any save without the mark
 * ends the deletion, which is a compare-and-set on the version that has it.
 */
export interface Removable extends Document {
  readonly leaving?: Claim;
}

/**
 * What uses a record, read from the store: `undecided` while jobs are being created with it that may or may not come to be.
 * `by` is for people: `has 3 jobs`.
 */
export type Use =
  { readonly kind: 'free' } | { readonly kind: 'used'; readonly by: string } | { readonly kind: 'undecided' };

export interface RemovalParts<Doc extends Removable> {
  readonly collection: Collection<Doc>;
  readonly claims: Claims;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
}

export interface Removal<Doc extends Removable> {
  /** Deletes what nobody uses. Throws `in-use`, `version-conflict` when the record changed meanwhile, `not-found`. */
  remove(stored: Stored<Doc>, what: string, use: () => Promise<Use>): Promise<void>;
  /** Whether jobs may be created with the record again: takes away the mark of a deletion that died. True when there is no such record. */
  isStaying(id: string): Promise<boolean>;
  /** Ends a deletion that takes too long. */
  keep(id: string): Promise<void>;
}

/** Creations that are under way when a deletion begins are over in milliseconds; longer means that a process is paused or the store slow. */
const patienceMs = 2_000;
const pauseMs = 10;

export const openRemoval = <Doc extends Removable>({ collection, claims, clock }: RemovalParts<Doc>): Removal<Doc> => {
  const decided = async (use: () => Promise<Use>): Promise<Use> => {
    const start = clock.monotonic();
    for (;;) {
      const found = await use();
      if (found.kind !== 'undecided' || clock.monotonic() - start >= patienceMs) return found;
      await clock.sleep(pauseMs);
    }
  };

  const unmark = async (stored: Stored<Doc>): Promise<void> => {
    try {
      await collection.save(stored.id, stored.version, unmarked(stored.doc));
    } catch (error) {
      // Changed or gone: then the mark is too.
      const code = errorCode(error);
      if (code !== 'version-conflict' && code !== 'not-found') throw error;
    }
  };

  const refuse = (what: string, use: Use): void => {
    if (use.kind === 'free') return;
    throw new SimfleetError('in-use', `${what} ${use.kind === 'used' ? use.by : 'has jobs that are being created'}`);
  };

  return {
    async remove(stored, what, use) {
      // Without a mark first: it would hold up the creation of jobs, and change the version, of what is in use anyway.
      const before = await use();
      if (before.kind === 'used') return refuse(what, before);
      const leaving = claims.draw();
      const end = claims.begin(leaving.token);
      try {
        const marked = await collection.save(stored.id, stored.version, { ...stored.doc, leaving });
        const after = await decided(use);
        if (after.kind === 'free') return await collection.delete(marked.id, marked.version);
        await unmark(marked);
        refuse(what, after);
      } finally {
        end();
      }
    },
    async isStaying(id) {
      const stored = await collection.get(id);
      if (stored?.doc.leaving === undefined) return true;
      if (!(await claims.isAbandoned(stored.doc.leaving))) return false;
      await unmark(stored);
      return true;
    },
    async keep(id) {
      const stored = await collection.get(id);
      if (stored?.doc.leaving !== undefined) await unmark(stored);
    },
  };
};

/** The document as it is when nobody deletes it. */
export const unmarked = <Doc extends Removable>(doc: Doc): Doc => {
  const { leaving: _leaving, ...rest } = doc;
  // What is left out is optional; the compiler cannot tell of a type parameter.
  return rest as Doc;
};
