import type { WatchEnd } from '@simfleet/contracts';
import type { Clock, Logger } from '@simfleet/runtime';
import type { Publish } from '@simfleet/sockets';
import type { FollowedEvent } from '../live/follow.ts';
import { endPush, eventPush, topicOf } from './pushes.ts';
import type { Watch } from './watch.ts';

/**
 * Reads the live log of one job for all its watchers in this process: each event is read once and published once. A watcher gets the events up to the follower’s
 * position by itself and is then taken in: between the comparison of positions and the subscription nothing else can run, so nothing is missed or sent twice.
 */
export interface Follower {
  /** Keeps the follower going for as long as the watch is in. */
  enter(watch: Watch): void;
  /** Takes the watch in if it is where the follower is, or ends it with the follower. False: there are events for it to get by itself first. */
  take(watch: Watch): boolean;
  /** Ends a watch that finds no events though it is behind: they were deleted. Does nothing until the follower has ended. */
  abandon(watch: Watch): void;
  leave(watch: Watch): void;
  /** Ends without a word, with all its watches. Idempotent. */
  close(): void;
}

export interface FollowerParts {
  /** Events after a position, until the job is over or deleted; null when the signal ended it. */
  readonly follow: (after: number, signal: AbortSignal) => AsyncGenerator<FollowedEvent, WatchEnd | null>;
  readonly publish: Publish;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
  /** Nobody is in any more, or the end was told: the next watcher needs another follower. */
  readonly onClose: () => void;
}

/** Between two tries when the store does not answer: as the live log itself does. */
const retryMs = 500;

/** Starts at `from`, the id of an event that is in the log, or 0. */
export const openFollower = (jobId: string, from: number, parts: FollowerParts): Follower => {
  const { follow, publish, clock, logger, onClose } = parts;
  const closing = new AbortController();
  /** By what they wait for: events of the log, the follower to come to where they are, nothing. */
  const [behind, ahead, live] = [new Set<Watch>(), new Set<Watch>(), new Set<Watch>()];
  const topic = topicOf(jobId);
  let position = from;
  let end: WatchEnd | null = null;

  const subscribe = (watch: Watch): void => {
    live.add(watch);
    watch.peer.subscribe(topic);
  };

  const takeAhead = (through: number): void => {
    for (const watch of ahead) if (watch.position <= through && ahead.delete(watch)) subscribe(watch);
  };

  const tell = ({ id, event }: FollowedEvent): void => {
    takeAhead(id - 1);
    position = id;
    publish(topic, eventPush(jobId, id, event));
    takeAhead(id);
  };

  const stop = (): void => {
    if (closing.signal.aborted) return;
    closing.abort();
    onClose();
  };

  const finishAlone = (watch: Watch, reason: WatchEnd): void => {
    watch.peer.send(endPush(jobId, watch.position, reason));
    finish(watch);
  };

  const tellEnd = (reason: WatchEnd): void => {
    end = reason;
    stop();
    publish(topic, endPush(jobId, position, reason));
    for (const watch of live) {
      watch.peer.unsubscribe(topic);
      finish(watch);
    }
    for (const watch of ahead) finishAlone(watch, reason);
    live.clear();
    ahead.clear();
  };

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        const reason = await passOn(follow(position, closing.signal), tell, closing.signal);
        if (reason !== null && !closing.signal.aborted) tellEnd(reason);
      } catch (error) {
        if (closing.signal.aborted) return;
        logger.warn({ jobId, err: error }, 'those who watch a job wait for the store');
        await clock.sleep(retryMs, closing.signal);
      }
    }
  };
  void run();

  return {
    enter: (watch) => void behind.add(watch),
    take(watch) {
      if (watch.isOver) return true;
      if (watch.position < position) return false;
      behind.delete(watch);
      if (end !== null) finishAlone(watch, end);
      else if (watch.position > position) ahead.add(watch);
      else subscribe(watch);
      return true;
    },
    abandon(watch) {
      if (end === null || watch.isOver) return;
      behind.delete(watch);
      finishAlone(watch, 'deleted');
    },
    leave(watch) {
      watch.isOver = true;
      if (live.delete(watch)) watch.peer.unsubscribe(topic);
      ahead.delete(watch);
      behind.delete(watch);
      if (live.size + ahead.size + behind.size === 0) stop();
    },
    close() {
      stop();
      for (const watch of [...behind, ...ahead, ...live]) watch.isOver = true;
    },
  };
};

const finish = (watch: Watch): void => {
  watch.isOver = true;
  watch.onEnd();
};

const passOn = async (
  events: AsyncGenerator<FollowedEvent, WatchEnd | null>,
  tell: (event: FollowedEvent) => void,
  signal: AbortSignal,
): Promise<WatchEnd | null> => {
  try {
    for (;;) {
      const next = await events.next();
      if (signal.aborted) return null;
      if (next.done === true) return next.value;
      tell(next.value);
    }
  } finally {
    // A generator that was left in the middle gives its listener back.
    await events.return(null);
  }
};
