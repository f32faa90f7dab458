import type { Clock, Logger } from '@simfleet/runtime';
import { lead } from '@simfleet/storage';
import type { Leases, Position, Storage } from '@simfleet/storage';
import type { JobsOptions } from '../config.ts';
import type { CustomerCollection } from '../customers/customers.ts';
import type { DeleteJob } from '../jobs/delete-job.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { LiveLog } from '../live/live-log.ts';
import { platformCustomer } from '../services/service-document.ts';
import { removeOldJobs, removeSurplusJobs } from './remove-jobs.ts';
import type { Round } from './round.ts';
import { trimLongAudit, trimOldAudit } from './trim-audit.ts';
import { trimLongLive, trimMarksCollection, trimOldLive } from './trim-live.ts';
import type { TrimMark } from './trim-live.ts';

export interface RetentionParts {
  readonly options: JobsOptions;
  readonly storage: Storage;
  readonly leases: Leases;
  readonly store: JobStore;
  readonly customerDocuments: CustomerCollection;
  readonly deleteJob: DeleteJob;
  readonly live: LiveLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

const roundEveryMs = 3_600_000;
/** Between two batches, in milliseconds: a sweep of a million jobs leaves most of the store to others. */
const pauseMs = 50;
const tellEvery = 1000;

/**
 * Removes what the options no longer keep, at once and then every hour, in batches. One process on the store does it; two at the same time would remove the
 * same things. A round that was cut off is taken up by the next. Nothing runs without an option. Answers how to end it.
 */
export const startRetention = async (parts: RetentionParts): Promise<() => Promise<void>> => {
  const { options, storage, leases, clock, logger } = parts;
  if (Object.values(options).every((option) => option === undefined)) return async () => undefined;
  const marks = await storage.collection<TrimMark>(trimMarksCollection);
  const sweep = (round: Round): Promise<void> => sweepAll({ ...parts, marks }, round);
  const leading = await lead({
    ...{ leases, name: 'retention', clock, logger },
    begin: async () => everyHour(sweep, clock, logger),
  });
  return async () => {
    await leading.stop();
    await leases.release('retention').catch(() => undefined);
  };
};

const sweepAll = async (
  parts: RetentionParts & { readonly marks: Parameters<typeof trimOldLive>[0]['marks'] },
  round: Round,
): Promise<void> => {
  const { options, storage, store, customerDocuments, deleteJob, live, marks } = parts;
  const { retainJobsDays, retainJobsCount, retainLiveDays, retainLiveCount, retainAuditDays, retainAuditCount } =
    options;
  const removing = { jobs: store.collection, deleteJob };
  const trimming = { jobs: store.collection, live, marks };
  if (retainJobsDays !== undefined) await removeOldJobs(removing, retainJobsDays, round);
  if (retainLiveDays !== undefined) await trimOldLive(trimming, retainLiveDays, round);
  if (retainLiveCount !== undefined) await trimLongLive(trimming, retainLiveCount, round);
  for await (const customer of eachCustomer(customerDocuments)) {
    if (round.ended()) return;
    if (retainJobsCount !== undefined) await removeSurplusJobs(removing, customer, retainJobsCount, round);
    if (retainAuditDays !== undefined) await trimOldAudit(storage.log, customer, retainAuditDays, round);
    if (retainAuditCount !== undefined) await trimLongAudit(storage.log, customer, retainAuditCount, round);
  }
};

/** The catalogue's deeds are under the name of the platform. */
const eachCustomer = async function* (customers: CustomerCollection): AsyncGenerator<string, void> {
  yield platformCustomer;
  for (let after: Position | undefined; ;) {
    const place = after === undefined ? {} : { after };
    const page = await customers.query({ sort: { field: 'id', direction: 'ascending' }, limit: 1000, ...place });
    for (const { id } of page.rows) yield id;
    after = page.rows.at(-1)?.position;
    if (!page.more || after === undefined) return;
  }
};

/** Rounds, one after the other; the answered function ends them between two batches. */
const everyHour = (sweep: (round: Round) => Promise<void>, clock: Clock, logger: Logger): (() => Promise<void>) => {
  const ending = new AbortController();
  const { signal } = ending;
  const oneRound = async (): Promise<void> => {
    let removed = 0;
    const breathe = async (more: number): Promise<void> => {
      const told = Math.floor(removed / tellEvery);
      removed += more;
      if (Math.floor(removed / tellEvery) > told) logger.info({ removed }, 'retention goes on');
      await clock.sleep(pauseMs, signal);
    };
    try {
      await sweep({ now: clock.now(), ended: () => signal.aborted, breathe });
      if (removed > 0) logger.info({ removed }, 'removed jobs and entries that are kept no longer');
    } catch (error) {
      logger.warn({ err: error, removed }, 'retention waits for its next round');
    }
  };
  const rounds = async (): Promise<void> => {
    while (!signal.aborted) {
      await oneRound();
      await clock.sleep(roundEveryMs, signal);
    }
  };
  const running = rounds();
  return async () => {
    ending.abort();
    await running;
  };
};
