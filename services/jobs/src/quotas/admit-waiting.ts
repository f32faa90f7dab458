import { containerEngine, errorCode } from '@simfleet/contracts';
import { requeue } from '@simfleet/domain';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Filter } from '@simfleet/storage';
import { eachJob } from '../jobs/each-job.ts';
import { system } from '../jobs/end-job.ts';
import { recorded, timeText } from '../jobs/job-document.ts';
import type { JobDocument, StoredJob } from '../jobs/job-document.ts';
import { jobChanged } from '../jobs/job-events.ts';
import type { JobChange, JobStore } from '../jobs/job-store.ts';
import { mayGoOn, pausedMessage, readPathsLeft } from './paths-left.ts';
import type { PathsLeft } from './paths-left.ts';
import { pausedOf, runningOf, waitingOf } from './place.ts';
import type { GivenPlace } from './place.ts';
import { keyOf, leastLimit } from './quota-source.ts';
import type { Quotas, QuotaSource } from './quota-source.ts';
import type { HeldUnits } from './held-units.ts';
import type { Room } from './room.ts';

export interface AdmitWaitingParts {
  readonly source: QuotaSource;
  readonly store: JobStore;
  readonly held: HeldUnits;
  readonly room: Pick<Room, 'free' | 'gaveOut'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly logger: Logger;
}

/** What a round over the jobs of a customer left. */
export interface RoundEnd {
  /** Whether jobs of the customer still wait, for a place or for paths. */
  readonly someWait: boolean;
}

/**
 * Gives places to the jobs of a customer that wait for one, oldest first, as many as there are, and lets those go on that were paused once there are paths. One
 * process at a time does so for all; should two, each job is still admitted once, and the counts of the store hold the limit. What the records say goes: they
 * know who runs, the store keeps creations in other processes from taking the same place.
 */
export type AdmitWaiting = (customer: string) => Promise<RoundEnd>;

/** How long the store may hold places that no record has. A creation holds one for milliseconds before its record is there; more is of something that died. */
const patienceMs = 5_000;
const pageSize = 100;

export const openAdmitWaiting = (parts: AdmitWaitingParts): AdmitWaiting => {
  const { source, store, held, room, clock, logger } = parts;
  const { collection } = store;
  /** Since when the store refuses what the records have room for, by customer; monotonic milliseconds. */
  const stuck = new Map<string, number>();

  const move = (job: StoredJob, from: JobDocument['place'], decide: (now: number) => GivenPlace): Promise<StoredJob> =>
    store.change(job.id, (doc, version) => (doc.place === from ? placed(job.id, doc, version, decide, clock) : null));

  /** False when the store has no place. */
  const admit = async (job: StoredJob, quotas: Quotas, paths: PathsLeft | null): Promise<boolean> => {
    const { customer } = job.doc;
    if ((await held.take(quotas.running, customer, job.id)).length > 0) return false;
    const after = await move(job, 'waits', (now) =>
      paths === null || mayGoOn(paths)
        ? { place: 'runs', message: standingMessage(job.doc) }
        : { place: 'paused', message: pausedMessage(paths, now) },
    ).catch(ofGone);
    if (after === null || after.doc.place === 'waits' || after.doc.place === undefined)
      await held.giveBack(quotas.running, customer, job.id);
    else room.gaveOut(customer);
    return true;
  };

  /** The store holds what nobody has: it learns from the records who does. */
  const learnAnew = async (customer: string, quotas: Quotas): Promise<void> => {
    logger.warn({ customer }, 'places of running jobs that nobody has were taken back');
    for (const { rule } of quotas.running) await source.store.reset(rule, keyOf(customer));
    for await (const job of eachJob(store, runningOf(customer))) await held.renew(quotas.running, customer, job.id);
  };

  const refusedByStore = async (customer: string, quotas: Quotas): Promise<void> => {
    const since = stuck.get(customer) ?? clock.monotonic();
    stuck.set(customer, since);
    if (clock.monotonic() - since < patienceMs) return;
    stuck.delete(customer);
    await learnAnew(customer, quotas);
  };

  const admitAll = async (customer: string, quotas: Quotas, paths: PathsLeft | null): Promise<void> => {
    const limit = leastLimit(quotas.running);
    for (;;) {
      const free = limit === null ? pageSize : await room.free(customer, limit);
      const waiting = free <= 0 ? [] : await oldest(waitingOf(customer), Math.min(free, pageSize));
      if (waiting.length === 0) return void stuck.delete(customer);
      for (const job of waiting) if (!(await admit(job, quotas, paths))) return refusedByStore(customer, quotas);
      stuck.delete(customer);
    }
  };

  const oldest = async (filter: Filter, limit: number): Promise<readonly StoredJob[]> =>
    (await collection.query({ filter, sort: { field: 'createdAt', direction: 'ascending' }, limit })).rows;

  const goOn = async (customer: string): Promise<void> => {
    for await (const job of eachJob(store, pausedOf(customer)))
      await move(job, 'paused', () => ({ place: 'runs', message: standingMessage(job.doc) })).catch(ofGone);
  };

  return async (customer) => {
    const quotas = await source.quotasOf(customer);
    const paths = await readPathsLeft(source.store, quotas.paths, customer);
    if (mayGoOn(paths)) await goOn(customer);
    await admitAll(customer, quotas, paths);
    const waiting = await Promise.all([waitingOf(customer), pausedOf(customer)].map((of) => collection.count(of, 1)));
    return { someWait: waiting.some((count) => count > 0) };
  };
};

/** The job in its new place. */
export const placed = (
  jobId: string,
  doc: JobDocument,
  version: number,
  decide: (now: number) => GivenPlace,
  clock: Pick<Clock, 'now'>,
): JobChange => {
  const now = clock.now();
  const given = decide(now);
  const stopped = given.place === 'runs' ? doc : requeue(doc, now);
  const after = recorded(doc, stopped, { by: system, now, message: given.message, place: given.place });
  return { doc: after, events: [jobChanged(jobId, after, version, timeText(now))] };
};

/** What a queued job says that waits for no quota. */
export const standingMessage = ({ service }: Pick<JobDocument, 'service'>): string | null =>
  service.engine === containerEngine ? 'waits for the cluster that runs its image' : null;

/** It was deleted meanwhile. */
export const ofGone = (error: unknown): null => {
  if (errorCode(error) === 'not-found') return null;
  throw error;
};
