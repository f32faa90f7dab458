import type { LiveEvent, WatchEnd } from '@simfleet/contracts';
import type { Bus } from '@simfleet/bus';
import type { Clock } from '@simfleet/runtime';
import { isOver } from '@simfleet/domain';
import type { StoredJob } from '../jobs/job-document.ts';
import type { CompleteLog } from './complete-log.ts';
import { liveSubject } from './live-log.ts';
import type { LiveLog } from './live-log.ts';

export interface FollowedEvent {
  readonly id: number;
  readonly event: LiveEvent;
}

export interface FollowOptions {
  readonly live: LiveLog;
  readonly bus: Pick<Bus, 'listen'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly complete: CompleteLog;
  /** Null once the job is deleted. */
  readonly getJob: () => Promise<StoredJob | null>;
  /** Follow from the event after this id; 0 = from the start. */
  readonly after: number;
  readonly signal: AbortSignal;
}

/** Entries held for one follower at a time: a slow client holds this page, not the log. */
const pageSize = 64;
/** A hint can be lost, so the log is looked at this often anyway. */
const pollMs = 5_000;

/**
 * The live events of a job from a position on, as they come; ends after the result of its current run. What a crash kept from the
 * log is appended first, from the job document. Returns why it ended; null when it was told to.
 */
export const followJob = async function* (
  jobId: string,
  options: FollowOptions,
): AsyncGenerator<FollowedEvent, WatchEnd | null> {
  const { live, bus, clock, complete, getJob, signal } = options;
  const bell = openBell(clock, signal);
  const unsubscribe = await bus.listen(liveSubject(jobId), bell.ring);
  try {
    let position = options.after;
    while (!signal.aborted) {
      bell.mute();
      const page = await live.read(jobId, position, pageSize);
      for (const { position: id, data } of page) {
        position = id;
        yield { id, event: data as unknown as LiveEvent };
      }
      if (page.length === pageSize) continue;
      const job = await getJob();
      if (job === null) return 'deleted';
      if (isOver(job.doc)) {
        await complete(job);
        if (position >= (await live.last(jobId))) return 'over';
        continue;
      }
      await bell.rung(pollMs);
    }
    return null;
  } finally {
    bell.ring();
    await unsubscribe();
  }
};

interface Bell {
  readonly ring: () => void;
  /** Forgets rings so far. */
  readonly mute: () => void;
  /** Resolves when it rang since `mute`, after `ms`, or when the signal aborts. */
  readonly rung: (ms: number) => Promise<void>;
}

const openBell = (clock: Pick<Clock, 'after'>, signal: AbortSignal): Bell => {
  let rang = false;
  let wake: (() => void) | null = null;
  const ring = (): void => {
    rang = true;
    wake?.();
  };
  return {
    ring,
    mute: () => {
      rang = false;
    },
    rung: (ms) =>
      new Promise((resolve) => {
        if (rang || signal.aborted) return resolve();
        const finish = (): void => {
          wake = null;
          cancel();
          signal.removeEventListener('abort', finish);
          resolve();
        };
        const cancel = clock.after(ms, finish);
        signal.addEventListener('abort', finish, { once: true });
        wake = finish;
      }),
  };
};
