import type { Bus } from '@simfleet/bus';
import { SimfleetError } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Leases } from '@simfleet/storage';
import type { JobStore } from '../jobs/job-store.ts';
import type { StoredJob } from '../jobs/job-document.ts';
import { openAdmitWaiting } from './admit-waiting.ts';
import { openAskPlace } from './ask-place.ts';
import type { AskPlace } from './ask-place.ts';
import { openEnterQueue } from './enter-queue.ts';
import type { EnterQueue } from './enter-queue.ts';
import { openHeldUnits } from './held-units.ts';
import type { OnShadowed } from './held-units.ts';
import { openPathsMeter } from './paths-meter.ts';
import type { PathsMeter, PauseJob } from './paths-meter.ts';
import { openPauseJob } from './pause-job.ts';
import { hasPlace, isInQueue, placeChange, waitsFor } from './place.ts';
import type { QuotaSource } from './quota-source.ts';
import { openRenewHeld } from './renew-held.ts';
import { openRoom } from './room.ts';
import { openTurns } from './turns.ts';
import type { Turns } from './turns.ts';

export interface QuotasParts {
  /** Null: there are no quotas. */
  readonly source: QuotaSource | null;
  readonly store: JobStore;
  readonly leases: Leases;
  readonly bus: Pick<Bus, 'broadcast' | 'listen'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly shared: boolean;
  readonly onShadowed: OnShadowed;
}

/** What customers may have of jobs and paths. */
export interface JobQuotas {
  readonly enterQueue: EnterQueue;
  readonly askPlace: AskPlace;
  /** Gives back what was taken for a job and is not its own: it was not written, or not so. Null: there is no such job. Never throws. */
  readonly settle: (customer: string, jobId: string, job: StoredJob | null) => Promise<void>;
  readonly meter: PathsMeter;
  readonly pause: PauseJob;
  readonly start: Turns['start'];
}

export const openQuotas = (parts: QuotasParts): JobQuotas => {
  const { store, clock, logger, onShadowed } = parts;
  const source = parts.source ?? withoutQuotas();
  const held = openHeldUnits({ store: source.store, onShadowed, logger });
  const renewHeld = openRenewHeld(source, store, held);
  const room = openRoom(store, clock);
  const admitWaiting = openAdmitWaiting({ source, store, held, room, clock, logger });
  const turns = openTurns({ ...parts, source, admitWaiting, renewHeld });

  const giveBack = async (customer: string, jobId: string, queue: boolean, place: boolean): Promise<void> => {
    if (!queue && !place) return;
    const { queued, running } = await source.quotasOf(customer);
    await Promise.all([
      ...(queue ? [held.giveBack(queued, customer, jobId)] : []),
      ...(place ? [held.giveBack(running, customer, jobId)] : []),
    ]);
  };

  /** What a save of this process gave back or took. */
  const follow = async (id: string, job: StoredJob | null, before: StoredJob | null): Promise<void> => {
    const customer = (job ?? before)?.doc.customer;
    const { leftQueue, joinedQueue, leftPlace, beganToWait } = placeChange(job, before);
    if (customer === undefined) return;
    if (leftQueue || leftPlace) {
      renewHeld.gaveBack(id);
      await giveBack(customer, id, leftQueue, leftPlace);
    }
    // A new job took its unit before it was written.
    if (joinedQueue && before !== null) await held.renew((await source.quotasOf(customer)).queued, customer, id);
    if (leftPlace) turns.changed(customer, id);
    else if (beganToWait) turns.changed(customer);
  };

  store.onSaved((id, job, before) => {
    // Written by another process: that one follows it.
    if (before === null && (job === null || job.version > 1)) return;
    follow(id, job, before).catch((error: unknown) => logger.debug({ jobId: id, err: error }, 'a quota is told later'));
  });

  return {
    enterQueue: openEnterQueue(source, onShadowed),
    askPlace: openAskPlace({ source, store, held, room }),
    async settle(customer, jobId, job) {
      room.settle(customer, jobId);
      const [queue, place] = [job === null || !isInQueue(job.doc), job === null || !mayHavePlace(job.doc)];
      await giveBack(customer, jobId, queue, place).catch((error: unknown) =>
        logger.debug({ jobId, err: error }, 'what was taken of a quota runs out by itself'),
      );
    },
    meter: openPathsMeter({ source, clock, logger }),
    pause: openPauseJob({ source, store, clock, logger }),
    start: turns.start,
  };
};

/** One that waited when it was read may have its place by now, under the same lease, and took none with it before. */
const mayHavePlace = (job: StoredJob['doc']): boolean => hasPlace(job) || waitsFor(job) !== null;

/** Nothing is limited, and jobs that wait from before go on. */
const withoutQuotas = (): QuotaSource => {
  const none = (): never => {
    throw new SimfleetError('internal', 'nothing is counted where there are no quotas');
  };
  const store = {
    ...{ description: 'none', shared: false, decide: none, decideOne: none, peek: none, refund: none, reset: none },
    check: async () => undefined,
    close: async () => undefined,
  };
  return { store, quotasOf: () => ({ queued: [], running: [], paths: [] }) };
};
