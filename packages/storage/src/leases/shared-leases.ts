import { randomUUID } from 'node:crypto';
import { errorCode } from '@simfleet/contracts';
import type { Collection, CollectionDeclaration, Stored } from '../collection.ts';
import type { Storage } from '../storage.ts';
import type { LeaseClock, LeaseLogger, Leases } from './leases.ts';
import { membersCollection } from './members.ts';
import { joinMembers } from './membership.ts';
import { leaseTiming } from './timing.ts';
import type { LeaseTiming } from './timing.ts';

/** One document for each lease, named by it. It is written when the lease changes hands and at no other time. */
interface LeaseDocument {
  readonly customer: string;
  /** Its id, to find many at once. */
  readonly name: string;
  /** Member id. Whether it still holds the lease depends on whether it lives. */
  readonly holder: string;
}

const leasesCollection = {
  name: 'leases',
  fields: { name: { path: ['name'], type: 'text' } },
  sorts: ['name'],
} as const satisfies CollectionDeclaration;

export interface LeaseOptions {
  readonly storage: Pick<Storage, 'collection' | 'shared'>;
  readonly clock: LeaseClock;
  readonly logger: LeaseLogger;
  readonly timing?: LeaseTiming;
}

/** Holders remembered at most, to save reads. */
const mostRemembered = 10_000;

/** Rows of one query. */
const mostAtOnce = 1000;

/** Members and leases are the platform's own. */
const customer = 'platform';

/**
 * Leases of several processes on one store, each lease taken by compare-and-set. One heartbeat carries all leases of a process, so that holding
 * costs no writes. A holder whose document is gone is dead. The document of the lease is read before that of the member, and a process whose heartbeat
 * was late takes its own leases again by a write: so of two that want one lease, one write fails.
 */
export const openSharedLeases = async (options: LeaseOptions): Promise<Leases> => {
  const { storage, clock, logger, timing = leaseTiming } = options;
  const leases: Collection<LeaseDocument> = await storage.collection<LeaseDocument>(leasesCollection);
  const memberId = randomUUID();
  const held = new Set<string>();
  const holders = new Map<string, string>();
  const asking = new Map<string, Promise<string>>();
  const listeners = new Set<(names: readonly string[]) => void>();

  const onLapse = (): void => {
    const names = [...held];
    held.clear();
    holders.clear();
    if (names.length === 0) return;
    logger.warn({ leases: names.length }, 'the heartbeat was late: this process gives up its leases');
    for (const listener of [...listeners]) listener(names);
  };
  const membership = joinMembers({
    id: memberId,
    customer,
    members: await storage.collection(membersCollection),
    clock,
    logger,
    timing,
    onLapse,
  });

  const holds = (name: string): boolean => membership.isValid() && held.has(name);

  const write = async (name: string, stored: Stored<LeaseDocument> | null): Promise<boolean> => {
    const doc = { customer, name, holder: memberId };
    try {
      if (stored === null) await leases.insert(name, doc);
      else await leases.save(name, stored.version, doc);
      return true;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'already-exists' || code === 'version-conflict' || code === 'not-found') return false;
      throw error;
    }
  };

  const ask = async (name: string): Promise<string> => {
    for (;;) {
      await membership.ensureValid();
      const { epoch } = membership;
      const stored = await leases.get(name);
      const holder = stored?.doc.holder ?? memberId;
      if (holder !== memberId && (await membership.isAlive(holder))) {
        remember(name, holder);
        return holder;
      }
      if (!(await write(name, stored))) continue;
      // Taken under a heartbeat that has lapsed since, it may be another's by now.
      if (!membership.isValid() || membership.epoch !== epoch) continue;
      held.add(name);
      holders.delete(name);
      if (stored !== null && holder !== memberId) logger.info({ lease: name, from: holder }, 'took over a lease');
      return memberId;
    }
  };

  const remember = (name: string, holder: string): void => {
    if (holders.size >= mostRemembered) holders.clear();
    holders.set(name, holder);
  };

  /** Questions for one name go together. */
  const askOnce = (name: string): Promise<string> => {
    const running = asking.get(name) ?? ask(name).finally(() => asking.delete(name));
    asking.set(name, running);
    return running;
  };

  return {
    memberId,
    async holderOf(name, { afresh = false } = {}) {
      if (holds(name)) return memberId;
      const known = holders.get(name);
      if (!afresh && known !== undefined && membership.wasSeen(known)) return known;
      return askOnce(name);
    },
    async holdersOf(names) {
      const found = new Map<string, string>();
      const unknown: string[] = [];
      for (const name of names) {
        const known = holds(name) ? memberId : holders.get(name);
        if (known === memberId || (known !== undefined && membership.wasSeen(known))) found.set(name, known);
        else unknown.push(name);
      }
      for (let at = 0; at < unknown.length; at += mostAtOnce) {
        const { rows } = await leases.query({
          filter: { op: 'in', field: 'name', values: unknown.slice(at, at + mostAtOnce) },
          sort: { field: 'name', direction: 'ascending' },
          limit: mostAtOnce,
        });
        for (const { id, doc } of rows) {
          found.set(id, doc.holder);
          if (membership.wasSeen(doc.holder)) remember(id, doc.holder);
        }
      }
      return found;
    },
    isAlive: async (member) => membership.wasSeen(member) || (await membership.isAlive(member)),
    holds,
    async release(name) {
      holders.delete(name);
      if (!holds(name)) return;
      held.delete(name);
      const stored = await leases.get(name);
      if (stored?.doc.holder !== memberId) return;
      await leases.delete(name, stored.version).catch((error: unknown) => {
        if (errorCode(error) !== 'not-found' && errorCode(error) !== 'version-conflict') throw error;
      });
    },
    onLost(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      held.clear();
      await membership.leave();
    },
  };
};
