import type { Clock, Logger } from '@simfleet/runtime';
import type { JobStore } from '../jobs/job-store.ts';
import { ofGone, placed } from './admit-waiting.ts';
import { pausedMessage, readPathsLeft } from './paths-left.ts';
import type { PauseJob } from './paths-meter.ts';
import { hasPlace } from './place.ts';
import type { QuotaSource } from './quota-source.ts';

export interface PauseJobParts {
  readonly source: QuotaSource;
  readonly store: JobStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

export const openPauseJob = ({ source, store, clock, logger }: PauseJobParts): PauseJob => {
  const underWay = new Set<string>();

  const pause = async (customer: string, jobId: string): Promise<void> => {
    const { paths } = await source.quotasOf(customer);
    // What was said in between may be old: the store is asked again before a job is moved.
    const left = await readPathsLeft(source.store, paths, customer);
    if (left === null || left.left > 0) return;
    await store
      .change(jobId, (doc, version) =>
        hasPlace(doc) && doc.place !== 'paused'
          ? placed(jobId, doc, version, (now) => ({ place: 'paused', message: pausedMessage(left, now) }), clock)
          : null,
      )
      .catch(ofGone);
  };

  return (customer, jobId) => {
    if (underWay.has(jobId)) return;
    underWay.add(jobId);
    pause(customer, jobId)
      .catch((error: unknown) => logger.debug({ jobId, err: error }, 'a job without paths waits unpaused'))
      .finally(() => underWay.delete(jobId));
  };
};
