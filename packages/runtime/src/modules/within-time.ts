import { SimfleetError } from '@simfleet/contracts';
import type { Clock } from '../clock.ts';

/** Settles as `work` does, or throws `unavailable` after `ms`; the work itself goes on. */
export const withinTime = async <Value>(
  clock: Clock,
  ms: number,
  work: Promise<Value>,
  what: string,
): Promise<Value> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => reject(new SimfleetError('unavailable', `${what} took over ${ms} ms`)));
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
};
