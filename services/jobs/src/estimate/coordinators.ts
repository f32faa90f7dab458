import type { Engine } from '@simfleet/domain';
import { isOver } from '@simfleet/domain';
import type { Clock } from '@simfleet/runtime';
import { engineOf } from '../jobs/job-document.ts';
import type { StoredJob } from '../jobs/job-document.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LiveLog } from '../live/live-log.ts';
import { openCoordinator } from './coordinator.ts';
import type { Coordinator } from './coordinator.ts';

/** The coordinators of active jobs, each made from the ledger when it is first needed. */
export interface Coordinators {
  /** Null when the job is over, deleted, or its engine is not here. */
  open(jobId: string): Promise<Coordinator | null>;
  /** The coordinator if it is there already: looking at a list makes none. */
  peek(jobId: string): Coordinator | undefined;
}

export interface CoordinatorsOptions {
  readonly store: JobStore;
  readonly engines: readonly Engine[];
  readonly ledger: Ledger;
  readonly live: LiveLog;
  readonly clock: Clock;
}

interface Slot {
  readonly opening: Promise<Coordinator | null>;
  coordinator: Coordinator | null;
  /** What was saved while the ledger was read. */
  saved: StoredJob | null;
}

export const openCoordinators = ({ store, engines, ledger, live, clock }: CoordinatorsOptions): Coordinators => {
  const slots = new Map<string, Slot>();

  const make = async (jobId: string): Promise<Coordinator | null> => {
    const job = await store.collection.get(jobId);
    const engine = job === null || isOver(job.doc) ? null : engineOf(job.doc, engines);
    if (job === null || engine === null) return null;
    return openCoordinator({ job, engine, clock, live }, ledger.pages(jobId));
  };

  const open = async (jobId: string): Promise<Coordinator | null> => {
    const there = slots.get(jobId);
    if (there !== undefined) return there.coordinator ?? there.opening;
    const slot: Slot = { opening: make(jobId), coordinator: null, saved: null };
    slots.set(jobId, slot);
    try {
      slot.coordinator = await slot.opening;
    } finally {
      if (slot.coordinator === null && slots.get(jobId) === slot) slots.delete(jobId);
    }
    if (slot.saved !== null) take(jobId, slot, slot.saved);
    return slots.get(jobId) === slot || slot.coordinator === null ? slot.coordinator : open(jobId);
  };

  /** The next call of `open` makes another coordinator when this one's fold no longer holds. */
  const take = (jobId: string, slot: Slot, job: StoredJob): void => {
    slot.coordinator?.update(job);
    if (slot.coordinator !== null && !isOver(job.doc) && slot.coordinator.holdsFor(job.doc)) return;
    if (slots.get(jobId) === slot) slots.delete(jobId);
  };

  store.onSaved((jobId, job) => {
    const slot = slots.get(jobId);
    if (slot === undefined) return;
    if (job === null) {
      slots.delete(jobId);
      if (slot.coordinator !== null) slot.coordinator.update(removed(slot.coordinator.job));
    } else if (slot.coordinator === null) slot.saved = job;
    else take(jobId, slot, job);
  });

  return { open, peek: (jobId) => slots.get(jobId)?.coordinator ?? undefined };
};

/** Shards of a deleted job are told to stop. */
const removed = (job: StoredJob): StoredJob => ({ ...job, doc: { ...job.doc, state: 'Cancelled' } });
