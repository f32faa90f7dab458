import type { Clock } from '@simfleet/runtime';
import type { Coordinator } from '../estimate/coordinator.ts';
import { timeText } from './job-document.ts';
import { thresholdCrossed } from './job-events.ts';
import type { JobStore } from './job-store.ts';

/** Tells once of each threshold that was crossed: the mark in the job and the event are one write. */
export type TellCrossings = (jobId: string, coordinator: Coordinator) => Promise<void>;

export const openTellCrossings = (store: JobStore, clock: Pick<Clock, 'now'>): TellCrossings => {
  return async (jobId, coordinator) => {
    const crossings = coordinator.crossings();
    await store.change(jobId, (job, version) => {
      const fresh = crossings.filter(({ mark }) => !job.crossed.includes(mark));
      if (fresh.length === 0 || !coordinator.holdsFor(job)) return null;
      const time = timeText(clock.now());
      return {
        doc: { ...job, crossed: [...job.crossed, ...fresh.map(({ mark }) => mark)] },
        events: fresh.map(({ threshold }) => thresholdCrossed(jobId, job, version, threshold, time)),
      };
    });
  };
};
