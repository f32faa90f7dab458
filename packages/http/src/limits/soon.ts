import type { Soon } from '@simfleet/rate-limit';

const isPromise = <T>(value: Soon<T>): value is Promise<T> => value instanceof Promise;

/** Goes on with what is there at once or comes later, without a promise where there was none. */
export const soon = <T, Next>(value: Soon<T>, next: (value: T) => Soon<Next>): Soon<Next> =>
  isPromise(value) ? value.then(next) : next(value);
