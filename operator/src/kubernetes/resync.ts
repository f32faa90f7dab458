import type { Clock } from '@simfleet/runtime';
import type { Source } from './runtime.ts';

/** Slices in which a resync is spread over its period. */
const slices = 100;

/**
 * Adds every key of the sources once a period, a hundredth at a time, so that ten thousand objects at rest are a trickle and not a wave. Keys that came since the period
 * began wait for the next one: they were looked at when they came. Answers the function that ends it.
 */
export const startResync = (
  clock: Clock,
  sources: readonly Source[],
  periodMs: number,
  add: (keys: readonly string[]) => void,
): (() => void) => {
  let keys: readonly string[] = [];
  let slice = 0;
  const tick = (): void => {
    if (slice === 0) keys = [...new Set(sources.flatMap((source) => [...source.keys()]))];
    const share = (part: number): number => Math.ceil((keys.length * part) / slices);
    add(keys.slice(share(slice), share(slice + 1)));
    slice = (slice + 1) % slices;
    cancel = clock.after(periodMs / slices, tick);
  };
  let cancel = clock.after(periodMs / slices, tick);
  return () => cancel();
};
