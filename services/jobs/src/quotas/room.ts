import type { Clock } from '@simfleet/runtime';
import type { JobStore } from '../jobs/job-store.ts';
import { runningOf } from './place.ts';

/**
 * Room among the running jobs of customers, as their records have it. The store of the counts keeps processes from giving out one place twice; should it have lost its
 * counts, the records hold the limit, with what this process gave out and is not in them yet.
 */
export interface Room {
  /** Takes a place for a job that has no record with it yet, until `settle`. False when there is none. */
  take(customer: string, limit: number, jobId: string): Promise<boolean>;
  /** The job's record says by now whether it has the place, or it will never have it. */
  settle(customer: string, jobId: string): void;
  /** Places that are free, counted now. */
  free(customer: string, limit: number): Promise<number>;
  /** A job got a place in its record at once. */
  gaveOut(customer: string): void;
}

/** How long a count of the records is believed, in milliseconds: what others took since then the limiter knows. */
const freshMs = 1_000;
/** How long a place may be without a record, in milliseconds: a creation takes a few, and one that takes longer has died. */
const unrecordedMs = 5_000;
const mostCounted = 10_000;

/** Places that the records had, and what this process gave out beside them. Too high sends a job into the line, where it is counted anew. */
interface Counted {
  readonly running: Promise<number>;
  readonly at: number;
  given: number;
}

export const openRoom = (store: Pick<JobStore, 'collection'>, clock: Pick<Clock, 'monotonic'>): Room => {
  const counted = new Map<string, Counted>();
  /** Since when, by job, by customer. */
  const unrecorded = new Map<string, Map<string, number>>();

  const unrecordedOf = (customer: string): number => {
    const jobs = unrecorded.get(customer) ?? new Map<string, number>();
    for (const [id, since] of jobs) if (clock.monotonic() - since > unrecordedMs) settle(customer, id);
    return jobs.size;
  };

  const settle = (customer: string, jobId: string): void => {
    const jobs = unrecorded.get(customer);
    if (jobs?.delete(jobId) === true && jobs.size === 0) unrecorded.delete(customer);
  };

  const note = (customer: string, jobId: string): void => {
    const jobs = unrecorded.get(customer) ?? new Map<string, number>();
    unrecorded.set(customer, jobs.set(jobId, clock.monotonic()));
  };

  const count = (customer: string, limit: number): Counted => {
    const given = unrecordedOf(customer);
    const made: Counted = { running: store.collection.count(runningOf(customer), limit), at: clock.monotonic(), given };
    if (counted.size >= mostCounted) counted.clear();
    counted.set(customer, made);
    made.running.catch(() => counted.get(customer) === made && counted.delete(customer));
    return made;
  };

  /** Nobody else looks between the comparison and the taking. */
  const takes = async (known: Counted, limit: number): Promise<boolean> => {
    const running = await known.running;
    if (running + known.given >= limit) return false;
    known.given += 1;
    return true;
  };

  return {
    async take(customer, limit, jobId) {
      // Reading a thousand rows takes a creation's time over again: so they are counted once a second, and when there seems to be no room, once for all who ask.
      const known = counted.get(customer);
      const isFresh = known !== undefined && clock.monotonic() - known.at < freshMs;
      let taken = isFresh && (await takes(known, limit));
      if (!taken) {
        const latest = counted.get(customer);
        taken = await takes(latest === undefined || latest === known ? count(customer, limit) : latest, limit);
      }
      if (taken) note(customer, jobId);
      return taken;
    },
    settle,
    async free(customer, limit) {
      const given = unrecordedOf(customer);
      return limit - (await store.collection.count(runningOf(customer), limit)) - given;
    },
    gaveOut(customer) {
      const known = counted.get(customer);
      if (known !== undefined) known.given += 1;
    },
  };
};
