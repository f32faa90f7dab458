import type { LiveEvent } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Entry } from '@simfleet/storage';
import type { Follower } from './follower.ts';
import { eventPush } from './pushes.ts';
import type { Watch } from './watch.ts';

export interface CatchUpParts {
  readonly read: (jobId: string, after: number, limit: number) => Promise<readonly Entry[]>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
}

/** Entries held for one watcher at a time: a slow client holds this page, not the log. */
const pageSize = 64;
/** Between two tries when the store does not answer, or has nothing where something was. */
const retryMs = 500;

/**
 * Sends a watcher what the follower of its job has told already, from the log and no faster than the client reads, until the follower takes it in.
 * Never throws.
 */
export const catchUp = async (watch: Watch, follower: Follower, parts: CatchUpParts): Promise<void> => {
  while (!watch.isOver && !follower.take(watch)) {
    if (await sendNextPage(watch, follower, parts)) continue;
    await parts.clock.sleep(retryMs);
  }
};

/** False when there is nothing to send for now. */
const sendNextPage = async (watch: Watch, follower: Follower, parts: CatchUpParts): Promise<boolean> => {
  const { jobId } = watch;
  try {
    const page = await parts.read(jobId, watch.position, pageSize);
    for (const entry of page) await sendEntry(watch, entry);
    // The log went with its job, and the follower will see that, too.
    if (page.length === 0) follower.abandon(watch);
    return page.length > 0;
  } catch (error) {
    parts.logger.warn({ jobId, err: error }, 'the history of a watched job waits for the store');
    return false;
  }
};

const sendEntry = async (watch: Watch, { position, data }: Entry): Promise<void> => {
  await watch.peer.room();
  if (watch.isOver) return;
  watch.peer.send(eventPush(watch.jobId, position, data as unknown as LiveEvent));
  watch.position = position;
};
