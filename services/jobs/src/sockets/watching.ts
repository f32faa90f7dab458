import type { Clock, Logger } from '@simfleet/runtime';
import type { Peer, Publish } from '@simfleet/sockets';
import { catchUp } from './catch-up.ts';
import type { CatchUpParts } from './catch-up.ts';
import { openFollower } from './follower.ts';
import type { Follower, FollowerParts } from './follower.ts';
import type { Watch } from './watch.ts';

/** The watches of all clients of this process, one follower a job. */
export interface Watching {
  /**
   * Sends the job’s events after `after`, then its end. `last` is the id of an event that is in the log, not before `after`; 0 when there is none. `onEnd`: the end was
   * told. Answers the function that ends the watch.
   */
  start(
    peer: Peer,
    watch: { readonly jobId: string; readonly after: number; readonly last: number; onEnd(): void },
  ): () => void;
  /** Ends all watches without a word. Idempotent. */
  close(): void;
}

export interface WatchingParts {
  /** Events of a job after a position, as `followJob` has them. */
  readonly follow: (jobId: string, ...rest: Parameters<FollowerParts['follow']>) => ReturnType<FollowerParts['follow']>;
  readonly read: CatchUpParts['read'];
  readonly publish: Publish;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
  readonly observer: WatchObserver;
}

export interface WatchObserver {
  /** More or fewer of them. */
  watches(change: 1 | -1): void;
  followers(change: 1 | -1): void;
  catchUpRead(): void;
  published(receivers: number): void;
}

export const openWatching = (parts: WatchingParts): Watching => {
  const { observer } = parts;
  const followers = new Map<string, Follower>();

  const open = (jobId: string, from: number): Follower => {
    observer.followers(1);
    const follower = openFollower(jobId, from, {
      ...parts,
      follow: (after, signal) => parts.follow(jobId, after, signal),
      publish(topic, message) {
        const receivers = parts.publish(topic, message);
        observer.published(receivers);
        return receivers;
      },
      onClose() {
        observer.followers(-1);
        followers.delete(jobId);
      },
    });
    followers.set(jobId, follower);
    return follower;
  };

  const read: CatchUpParts['read'] = (...page) => {
    observer.catchUpRead();
    return parts.read(...page);
  };

  return {
    start(peer, { jobId, after, last, onEnd }) {
      if (peer.isGone) return () => undefined;
      const follower = followers.get(jobId) ?? open(jobId, last);
      observer.watches(1);
      const done = (): void => {
        observer.watches(-1);
        forget();
      };
      const watch: Watch = { jobId, peer, position: after, isOver: false, onEnd: () => (done(), onEnd()) };
      const leave = (): void => {
        if (watch.isOver) return;
        follower.leave(watch);
        done();
      };
      const forget = peer.onGone(leave);
      follower.enter(watch);
      void catchUp(watch, follower, { ...parts, read });
      return leave;
    },
    close() {
      for (const follower of followers.values()) follower.close();
    },
  };
};
