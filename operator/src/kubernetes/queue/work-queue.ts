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
 * rounds that nothing but time asked for: every eighth key given out is of those behind, so that they get their turn however much goes before. While one
 * that somebody asked for is worked on, only so many others are: they would share the processors, the API server and the platform with it.
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
  /** Index among the lanes: smaller goes before. */
  readonly lane: number;
  readonly since: number;
}

/** `besideWanted`: how many others are worked on beside one that somebody asked for, 1 or more. */
export const createWorkQueue = (clock: Clock, backoffOptions: BackoffOptions, besideWanted = Infinity): WorkQueue => {
  /** What somebody asked for, what changed, and what nothing but time asked for. A key is in one of them. */
  const lanes = Array.from({ length: 3 }, (): Lane => ({ keys: new Map(), passed: 0 }));
  const [wanted, changed, timed] = [0, 1, 2];
  /** Keys that come back because they failed: they are changes that were not brought home yet. */
  const failed = new Set<string>();
  /** Keys at work → how it was added again meanwhile, or null. */
  const working = new Map<string, Again | null>();
  let wantedAtWork = 0;
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
    giveOut();
  };
  const add = (key: string): void => put(key, changed);
  const depth = (): number => lanes.reduce((sum, { keys }) => sum + keys.size, 0);
  const delayed = createDelayedKeys(clock, (key) => put(key, failed.delete(key) ? changed : timed));

  const mayBegin = (lane: Lane): boolean =>
    lane === lanes[wanted] || wantedAtWork === 0 || working.size - wantedAtWork < besideWanted;

  const next = (): Taken | null => {
    const waiting = lanes.filter((lane) => lane.keys.size > 0 && mayBegin(lane));
    const lane = waiting.findLast(({ passed }) => passed >= turnOfOthers - 1) ?? waiting[0];
    const [first] = lane?.keys ?? [];
    if (lane === undefined || first === undefined) return null;
    for (const each of lanes) each.passed = each === lane ? 0 : each.passed + 1;
    const [key, since] = first;
    lane.keys.delete(key);
    working.set(key, null);
    return hold(key, clock.monotonic() - since, lane === lanes[wanted]);
  };

  /** To workers that wait, as long as there is something for them. */
  const giveOut = (): void => {
    while (waiters.length > 0) {
      const taken = next();
      if (taken === null) return;
      waiters.shift()?.(taken);
    }
  };

  const hold = (key: string, waitedMs: number, isWanted: boolean): Taken => {
    let held = true;
    if (isWanted) wantedAtWork += 1;
    const release = (): void => {
      if (!held) throw new Error(`${key} was given back twice`);
      held = false;
      if (isWanted) wantedAtWork -= 1;
      const again = working.get(key) ?? null;
      working.delete(key);
      if (again !== null) put(key, again.lane);
      giveOut();
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
      const taken = next();
      return taken === null ? new Promise((resolve) => waiters.push(resolve)) : Promise.resolve(taken);
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
