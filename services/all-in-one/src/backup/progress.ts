import type { Clock, Logger } from '@simfleet/runtime';
import type { ArchiveCounts } from './archive-format.ts';
import type { OnRecords } from './read-archive.ts';

export type Phase = 'reading the store' | 'checking the file' | 'writing the store' | 'comparing the store';

const everyMs = 500;
/** The clock is asked once in so many records. */
const stride = 64;

/** Logs how far a phase is, at once and then twice a second at most. `of` is how many records there will be, where that is known. */
export const reportProgress = (
  { clock, logger }: { readonly clock: Pick<Clock, 'monotonic'>; readonly logger: Pick<Logger, 'info'> },
  phase: Phase,
  of?: ArchiveCounts,
): OnRecords => {
  let toldAt = Number.NEGATIVE_INFINITY;
  let records = 0;
  return (counts) => {
    records += 1;
    if (records % stride !== 0) return;
    const now = clock.monotonic();
    if (now - toldAt < everyMs) return;
    toldAt = now;
    logger.info({ progress: { phase, counts: { ...counts }, ...(of === undefined ? {} : { of }) } }, phase);
  };
};
