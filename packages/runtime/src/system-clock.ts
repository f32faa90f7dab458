// The global of this name is looked up by a getter at every use: 6 ns of 44.
import { performance } from 'node:perf_hooks';
import type { Clock } from './clock.ts';

/** Longest delay of a Node timer, in milliseconds (about 24.8 days); a longer one would fire at once. */
const longestTimer = 2_147_483_647;

/** The machine's clock. Timers do not keep the process alive and may be longer than Node's own limit. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const due = performance.now() + ms;
    let timer: NodeJS.Timeout;
    // Node counts whole milliseconds from the start of the loop's turn, so a timer may fire early: then the rest is waited for.
    const fire = (): void => (performance.now() < due ? arm() : callback());
    const arm = (): void => {
      const left = Math.ceil(Math.max(due - performance.now(), 0));
      timer = setTimeout(fire, Math.min(left, longestTimer));
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const end = (): void => {
        cancel();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const cancel = systemClock.after(ms, end);
      signal?.addEventListener('abort', end, { once: true });
    });
  },
};
