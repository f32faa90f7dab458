/** Timers as an argument, so that tests can turn them. A `Clock` of the runtime is one. */
export interface Timers {
  /** Calls back once after `ms`; returns the function that cancels. */
  after(ms: number, callback: () => void): () => void;
}

export const realTimers: Timers = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
