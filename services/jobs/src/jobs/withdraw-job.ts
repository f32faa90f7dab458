import { errorCode } from '@simfleet/contracts';
import type { Clock } from '@simfleet/runtime';
import { againWhenChanged } from '../removal/again-when-changed.ts';
import { timeText } from './job-document.ts';
import { jobChanged } from './job-events.ts';
import type { JobNames } from './job-names.ts';
import type { JobStore } from './job-store.ts';

export interface WithdrawJobParts {
  readonly store: JobStore;
  readonly names: JobNames;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Removes the job again, whatever its state, unless it has its name: then its creator was paused after reserving the name for so long that the
 * reservation was removed, and nobody was told of the job. Answers whether the job stays. Driven by the creator, and by the event of the
 * creation in case that the creator dies.
 */
export type WithdrawUnlessNamed = (jobId: string) => Promise<boolean>;

export const openWithdrawUnlessNamed =
  ({ store, names, clock }: WithdrawJobParts): WithdrawUnlessNamed =>
  async (jobId) => {
    const job = await store.collection.get(jobId);
    if (job === null) return false;
    const { customer, name, claim = '' } = job.doc;
    if (await names.confirm({ customer, name, jobId }, claim)) return true;
    await againWhenChanged(async () => {
      const last = await store.collection.get(jobId);
      if (last === null || (last.doc.claim ?? '') !== claim) return;
      const event = jobChanged(jobId, last.doc, last.version + 1, timeText(clock.now()), true);
      await store.delete(last, [event]).catch((error: unknown) => {
        if (errorCode(error) !== 'not-found') throw error;
      });
    });
    return false;
  };
