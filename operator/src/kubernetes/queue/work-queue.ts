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
 * worker has it, it comes back when that one is done. First in, first out, but what somebody asked for goes before what merely changed, and that before
 * rounds that nothing but time asked for: every eighth key given out is of those behind, so that they get their turn however much goes before.
 */
export interface WorkQueue extends Queue {
  /** As `add`, before changes: somebody wants something else and waits for it. */
  addFirst(key: string): void;
  /** As `add`, behind changes: nothing is known to have changed. */
  addBehind(key: string): void;
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

/** Of so many keys given out, one has waited behind others. */
const turnOfOthers = 8;

/** Due keys in order of arrival, with the time when they came. */
interface Lane {
  readonly keys: Map<string, number>;
  /** Keys given out of other lanes since the last one of this. */
  passed: number;
}

interface Again {
  /** Smaller goes before. */
  readonly lane: number;
  readonly since: number;
}

export const createWorkQueue = (clock: Clock, backoffOptions: BackoffOptions): WorkQueue => {
  /** What somebody asked for, what changed, and what nothing but time asked for. A key is in one of them. */
  const lanes = Array.from({ length: 3 }, (): Lane => ({ keys: new Map(), passed: 0 }));
  const [wanted, changed, timed] = [0, 1, 2];
  /** Keys that come back because they failed: they are changes that were not brought home yet. */
  const failed = new Set<string>();
  /** Keys at work → how it was added again meanwhile, or null. */
  const working = new Map<string, Again | null>();
  const waiters: ((taken: Taken | null) => void)[] = [];
  const backoff = createBackoff(clock, backoffOptions);
  let closed = false;

  const put = (key: string, lane: number): void => {
    if (closed || lanes.some(({ keys }, at) => at <= lane && keys.has(key))) return;
    if (working.has(key)) {
      const again = working.get(key) ?? null;
      if (again === null || lane < again.lane) working.set(key, { lane, since: clock.monotonic() });
      return;
    }
    for (const { keys } of lanes) keys.delete(key);
    lanes[lane]?.keys.set(key, clock.monotonic());
    waiters.shift()?.(next());
  };
  const add = (key: string): void => put(key, changed);
  const depth = (): number => lanes.reduce((sum, { keys }) => sum + keys.size, 0);
  const delayed = createDelayedKeys(clock, (key) => put(key, failed.delete(key) ? changed : timed));

  const next = (): Taken | null => {
    const waiting = lanes.filter(({ keys }) => keys.size > 0);
    const lane = waiting.findLast(({ passed }) => passed >= turnOfOthers - 1) ?? waiting[0];
    if (lane === undefined) return null;
    for (const each of lanes) each.passed = each === lane ? 0 : each.passed + 1;
    for (const [key, since] of lane.keys) {
      lane.keys.delete(key);
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
      if (again !== null) put(key, again.lane);
    };
    return {
      key,
      waitedMs,
      done(requeueAfterMs) {
        backoff.forget(key);
        failed.delete(key);
        if (requeueAfterMs !== undefined && !closed) delayed.add(key, requeueAfterMs);
        release();
      },
      failed() {
        const delayMs = backoff.failed(key);
        failed.add(key);
        if (!closed) delayed.add(key, delayMs);
        release();
        return delayMs;
      },
    };
  };

  return {
    add,
    addFirst: (key) => put(key, wanted),
    addBehind: (key) => put(key, timed),
    addAfter: (key, delayMs) => {
      if (closed) return;
      if (delayMs <= 0) add(key);
      else delayed.add(key, delayMs);
    },
    take: () => {
      if (closed) return Promise.resolve(null);
      if (depth() > 0) return Promise.resolve(next());
      return new Promise((resolve) => waiters.push(resolve));
    },
    close() {
      closed = true;
      for (const { keys } of lanes) keys.clear();
      delayed.clear();
      for (const resolve of waiters.splice(0)) resolve(null);
    },
    get depth() {
      return depth();
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
