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
    const arm = (): void => {
      const left = due - performance.now();
      timer = setTimeout(left > longestTimer ? arm : callback, Math.min(Math.max(left, 0), longestTimer));
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
