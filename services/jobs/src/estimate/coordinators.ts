import type { Engine } from '@simfleet/domain';
import { isOver } from '@simfleet/domain';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Leases } from '@simfleet/storage';
import { engineOf } from '../jobs/job-document.ts';
import type { StoredJob } from '../jobs/job-document.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LiveLog } from '../live/live-log.ts';
import { openCoordinator } from './coordinator.ts';
import type { Coordinator, CoordinatorOptions } from './coordinator.ts';
import { leaseOf } from './lease-name.ts';

/** The coordinators of the active jobs that this process holds, each made from the ledger when it is first needed. */
export interface Coordinators {
  /**
   * Null when the job is over, deleted, or its engine is not here. Where other processes write to the store too, it knows of what they wrote up to a
   * second ago.
   */
  open(jobId: string): Promise<Coordinator | null>;
  /** The coordinator if it is there already: looking at a list makes none. */
  peek(jobId: string): Coordinator | undefined;
  /** Learns of what other processes wrote of the job, and of its ledger. */
  refresh(jobId: string): Promise<void>;
  /** Jobs whose coordinator was not looked at for so many milliseconds. */
  idle(ms: number): readonly string[];
}

export interface CoordinatorsOptions extends Pick<CoordinatorOptions, 'paths' | 'pause'> {
  readonly store: JobStore;
  readonly engines: readonly Engine[];
  readonly ledger: Ledger;
  readonly live: LiveLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leases: Leases;
  /** Whether other processes write to the store too. */
  readonly shared: boolean;
}

interface Slot {
  readonly opening: Promise<Coordinator | null>;
  coordinator: Coordinator | null;
  /** What was saved while the ledger was read. */
  saved: StoredJob | null;
  /** When the store was last looked at, monotonic milliseconds. */
  freshAt: number;
  refreshing: Promise<void> | null;
}

/** Hints of other processes can be lost, so a job that is worked on is looked at this often. */
const freshMs = 1000;

export const openCoordinators = (options: CoordinatorsOptions): Coordinators => {
  const { store, engines, ledger, live, clock, logger, leases, shared, paths, pause } = options;
  const slots = new Map<string, Slot>();

  const make = async (jobId: string): Promise<Coordinator | null> => {
    const job = await store.collection.get(jobId);
    const engine = job === null || isOver(job.doc) ? null : engineOf(job.doc, engines);
    if (job === null || engine === null) return null;
    return openCoordinator({ job, engine, clock, live, ledger, paths, pause });
  };

  /** A lease that nobody needs any more. */
  const release = (jobId: string): void => {
    leases.release(leaseOf(jobId)).catch((error: unknown) => {
      logger.warn({ jobId, err: error }, 'the lease of a job that is over stays until the job is deleted');
    });
  };

  const drop = (jobId: string, slot: Slot): void => {
    if (slots.get(jobId) === slot) slots.delete(jobId);
  };

  const refreshSlot = (jobId: string, slot: Slot): Promise<void> =>
    (slot.refreshing ??= (async () => {
      const startedAt = clock.monotonic();
      await store.learn(jobId);
      await slot.coordinator?.catchUp(await ledger.last(jobId));
      slot.freshAt = startedAt;
    })().finally(() => (slot.refreshing = null)));

  /** The coordinator that is there, unless what the store says drops it. */
  const fresh = async (jobId: string, slot: Slot): Promise<Coordinator | null> => {
    const coordinator = slot.coordinator ?? (await slot.opening);
    if (!shared || coordinator === null || clock.monotonic() - slot.freshAt < freshMs) return coordinator;
    await refreshSlot(jobId, slot);
    return slots.get(jobId) === slot ? coordinator : open(jobId);
  };

  const open = async (jobId: string): Promise<Coordinator | null> => {
    const there = slots.get(jobId);
    if (there !== undefined) return fresh(jobId, there);
    const slot: Slot = {
      opening: make(jobId),
      coordinator: null,
      saved: null,
      freshAt: clock.monotonic(),
      refreshing: null,
    };
    slots.set(jobId, slot);
    try {
      slot.coordinator = await slot.opening;
    } finally {
      if (slot.coordinator === null) {
        drop(jobId, slot);
        release(jobId);
      }
    }
    if (slot.saved !== null) take(jobId, slot, slot.saved);
    return slots.get(jobId) === slot || slot.coordinator === null ? slot.coordinator : open(jobId);
  };

  /** The next call of `open` makes another coordinator when this one's fold no longer holds. */
  const take = (jobId: string, slot: Slot, job: StoredJob): void => {
    slot.coordinator?.update(job);
    if (slot.coordinator !== null && !isOver(job.doc) && slot.coordinator.holdsFor(job.doc)) return;
    drop(jobId, slot);
    if (isOver(job.doc)) release(jobId);
  };

  store.onSaved((jobId, job) => {
    const slot = slots.get(jobId);
    if (slot === undefined) return;
    if (job === null) {
      drop(jobId, slot);
      release(jobId);
      if (slot.coordinator !== null) slot.coordinator.update(removed(slot.coordinator.job));
    } else if (slot.coordinator === null) slot.saved = job;
    else take(jobId, slot, job);
  });

  // Another process may fold the job from now on; should this one hold it again, the ledger knows all that happened.
  leases.onLost((names) => {
    const lost = new Set(names);
    for (const jobId of slots.keys()) if (lost.has(leaseOf(jobId))) slots.delete(jobId);
  });

  return {
    open,
    peek: (jobId) => slots.get(jobId)?.coordinator ?? undefined,
    async refresh(jobId) {
      const slot = slots.get(jobId);
      if (slot !== undefined) await refreshSlot(jobId, slot);
    },
    idle(ms) {
      const before = clock.monotonic() - ms;
      return [...slots].filter(([, { freshAt }]) => freshAt <= before).map(([jobId]) => jobId);
    },
  };
};

/** Shards of a deleted job are told to stop. */
const removed = (job: StoredJob): StoredJob => ({ ...job, doc: { ...job.doc, state: 'Cancelled' } });
