/** How long to wait before the next attempt to list or watch. */
export interface Pace {
  /** Something was heard: the next failure is the first again. */
  well(): void;
  /** After a failure, in milliseconds. */
  next(): number;
  /** Failures in a row. */
  readonly failures: number;
}

const firstMs = 200;
/** An API server that comes back meets each watch once in this time at most; as client-go. */
const longestMs = 30_000;

/**
 * Doubles from 200 ms to 30 s; half of each pause is chance, so that the watches of a cluster that lost its API server come back spread over time.
 */
export const createPace = (random: () => number): Pace => {
  let failures = 0;
  return {
    well: () => void (failures = 0),
    next() {
      const whole = Math.min(firstMs * 2 ** failures, longestMs);
      failures = Math.min(failures + 1, 20);
      return whole * (0.5 + random() / 2);
    },
    get failures() {
      return failures;
    },
  };
};
