import type { Clock } from '@simfleet/runtime';
import type { Queue } from '../api.ts';
import { createBackoff, type BackoffOptions } from './backoff.ts';
import { createDelayedKeys } from './delayed-keys.ts';

/** A key that a worker has, until it calls `done` or `failed`, once. */
export interface Taken {
  readonly key: string;
  /** How long the key waited after it was due, in milliseconds. */
  readonly waitedMs: number;
  /** The round went well; with `requeueAfterMs` the key comes back then. */
  done(requeueAfterMs?: number): void;
  /** The round failed: the key comes back after its backoff, which is answered in milliseconds. */
  failed(): number;
}

/**
 * What client-go calls a rate limiting work queue. A key is in the queue once, however often it is added; two workers never have it at the same time; added while a
 * worker has it, it comes back when that one is done. First in, first out.
 */
export interface WorkQueue extends Queue {
  /** Resolves with the next key, or null once the queue is closed. */
  take(): Promise<Taken | null>;
  /** Nothing is given out any more, and nothing is added. Idempotent. */
  close(): void;
  /** Keys that are due, and those that workers have. */
  readonly depth: number;
  readonly working: number;
  /** Keys that come back later. */
  readonly delayed: number;
  /** How often in a row the key has failed. */
  failures(key: string): number;
}

export const createWorkQueue = (clock: Clock, backoffOptions: BackoffOptions): WorkQueue => {
  /** Due keys in order of arrival, with the time when they came. */
  const due = new Map<string, number>();
  /** Keys at work → when it was added again meanwhile, or null. */
  const working = new Map<string, number | null>();
  const waiters: ((taken: Taken | null) => void)[] = [];
  const backoff = createBackoff(clock, backoffOptions);
  let closed = false;

  const add = (key: string): void => {
    if (closed || due.has(key)) return;
    if (working.has(key)) {
      if (working.get(key) === null) working.set(key, clock.monotonic());
      return;
    }
    due.set(key, clock.monotonic());
    waiters.shift()?.(next());
  };
  const delayed = createDelayedKeys(clock, add);

  const next = (): Taken | null => {
    for (const [key, since] of due) {
      due.delete(key);
      working.set(key, null);
      return hold(key, clock.monotonic() - since);
    }
    return null;
  };

  const hold = (key: string, waitedMs: number): Taken => {
    let held = true;
    const release = (): void => {
      if (!held) throw new Error(`${key} was given back twice`);
      held = false;
      const again = working.get(key) ?? null;
      working.delete(key);
      if (again !== null) add(key);
    };
    return {
      key,
      waitedMs,
      done(requeueAfterMs) {
        backoff.forget(key);
        if (requeueAfterMs !== undefined && !closed) delayed.add(key, requeueAfterMs);
        release();
      },
      failed() {
        const delayMs = backoff.failed(key);
        if (!closed) delayed.add(key, delayMs);
        release();
        return delayMs;
      },
    };
  };

  return {
    add,
    addAfter: (key, delayMs) => {
      if (closed) return;
      if (delayMs <= 0) add(key);
      else delayed.add(key, delayMs);
    },
    take: () => {
      if (closed) return Promise.resolve(null);
      if (due.size > 0) return Promise.resolve(next());
      return new Promise((resolve) => waiters.push(resolve));
    },
    close() {
      closed = true;
      due.clear();
      delayed.clear();
      for (const resolve of waiters.splice(0)) resolve(null);
    },
    get depth() {
      return due.size;
    },
    get working() {
      return working.size;
    },
    get delayed() {
      return delayed.size;
    },
    failures: backoff.failures,
  };
};
