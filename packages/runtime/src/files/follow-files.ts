import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';

export interface FollowOptions {
  readonly clock: Clock;
  readonly logger?: Logger | undefined;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

/** How long after a change of a file at most every process knows it: keys and certificates are renewed long before they are needed. */
const readEveryMs = 5_000;

/** Calls `readAgain` every 5 s, so that what changes in files needs no restart. When it throws, `told` goes to the log, once until it succeeds or says something else. */
export const followFiles = (
  readAgain: () => Promise<void>,
  told: string,
  { clock, logger, signal }: FollowOptions,
): void => {
  let last = '';
  const look = async (): Promise<void> => {
    try {
      await readAgain();
      last = '';
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== last) logger?.warn({ err: error }, told);
      last = message;
    }
  };
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(readEveryMs, signal);
      if (!signal.aborted) await look();
    }
  };
  void follow();
};
