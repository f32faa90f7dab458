import type { Clock } from '@simfleet/runtime';

/** A clock that stands still until it is turned. */
export interface FakeClock extends Clock {
  /**
   * Turns the clock. Timers that fall due are called in order of their time, each with the clock at that time, and what they cause (promises,
   * further timers) happens before the next one.
   */
  advance(ms: number): Promise<void>;
  /** Timers that wait: to wait for code to have set one, or to see that none is left behind. */
  readonly waiting: number;
}

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** Starts at `start`, milliseconds since 1970; `monotonic` starts at 0. */
export const fakeClock = (start = Date.UTC(2026, 0, 1)): FakeClock => {
  const timers = new Set<Timer>();
  let elapsed = 0;
  const clock: FakeClock = {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after(ms, callback) {
      const timer = { due: elapsed + Math.max(ms, 0), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
    async advance(ms) {
      const end = elapsed + ms;
      await settled();
      for (let next = earliest(timers, end); next !== undefined; next = earliest(timers, end)) {
        elapsed = Math.max(elapsed, next.due);
        timers.delete(next);
        next.callback();
        await settled();
      }
      elapsed = end;
    },
    get waiting() {
      return timers.size;
    },
  };
  return clock;
};

/** The next timer due by `end`; of several at one time the one set first, as sets keep their order. */
const earliest = (timers: ReadonlySet<Timer>, end: number): Timer | undefined => {
  let next: Timer | undefined;
  for (const timer of timers) if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
  return next;
};

const sleepOn = (clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal?.addEventListener('abort', end, { once: true });
  });

/** After the promises that are settled by now, and those settled by them, have called back. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
