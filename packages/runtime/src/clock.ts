/** Time as an argument, so that tests can turn it. */
export interface Clock {
  /** Milliseconds since 1970 (UTC). */
  now(): number;
  /** Milliseconds from any start, never going back: for durations. */
  monotonic(): number;
  /** Calls back once after `ms`; returns the function that cancels. Does not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
