import { delayAfter, type Backoff } from './backoff.ts';
import type { Timers } from './timers.ts';

export interface AttemptTools {
  readonly timers: Timers;
  /** 0 … 1. */
  readonly random: () => number;
  readonly backoff: Backoff;
}

/** How it went: `ended` means that no further attempt may be begun here, and that somebody else has to. */
export type Outcome =
  | { readonly kind: 'handled' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly reason: string; readonly attempts: number };

export const defaultMaxAttempts = 10;

/** Tries until it succeeds, fails `most` times (pausing in between), or `ended` is aborted; an attempt under way is waited for. */
export const makeAttempts = async (
  attempt: () => Promise<void>,
  most: number,
  ended: AbortSignal,
  { timers, random, backoff }: AttemptTools,
): Promise<Outcome> => {
  for (let attempts = 1; ; attempts += 1) {
    if (ended.aborted) return { kind: 'ended' };
    try {
      await attempt();
      return { kind: 'handled' };
    } catch (error) {
      if (attempts >= most) return { kind: 'failed', reason: reasonOf(error), attempts };
      await pause(delayAfter(backoff, attempts, random()), ended, timers);
    }
  }
};

/** Resolves after `ms`, or at once when `ended` is aborted. */
export const pause = (ms: number, ended: AbortSignal, timers: Timers): Promise<void> =>
  new Promise((resolve) => {
    if (ended.aborted) return resolve();
    const wake = (): void => {
      cancel();
      ended.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = timers.after(ms, wake);
    ended.addEventListener('abort', wake);
  });

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
